-- One row is a version of a published article.
CREATE OR REPLACE TABLE mart.article_versions AS
SELECT
    v.article_id, v.version, v.valid_from, v.valid_to, t.title, t.lead, t.body, v.published_on, v.content_sha256, v.changed, v.run_id,
    v.warc_file, v.warc_offset
FROM mart.versions AS v
JOIN mart.current AS c USING (article_id)
JOIN facts.texts AS t ON t.text_sha256 = v.text_sha256
WHERE c.copy_rank = 1
ORDER BY v.article_id, v.version;
