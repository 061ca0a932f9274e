-- One row is a version of a published article. A view, as mart.articles is.
CREATE OR REPLACE VIEW mart.article_versions AS
SELECT
    v.article_id, v.version, v.valid_from, v.valid_to, t.title, t.lead, t.body, v.published_on,
    coalesce(r.links, []) AS links, coalesce(r.attachments, []) AS attachments, v.content_sha256, v.changed, v.run_id, v.warc_file, v.warc_offset
FROM mart.versions AS v
JOIN mart.current AS c USING (article_id)
JOIN facts.readings AS r ON r.article_id = v.article_id AND r.tick = v.reading_tick AND r.payload_sha256 = v.payload_sha256
JOIN facts.texts AS t ON t.text_sha256 = v.text_sha256
WHERE c.copy_rank = 1;
