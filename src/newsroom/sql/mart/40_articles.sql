-- One row is a distinct article as it stands now. A view: texts are kept once, and joined when asked for.
CREATE OR REPLACE VIEW mart.articles AS
SELECT
    c.article_id, c.source, c.url, t.title, t.lead, t.body, c.content_type, c.published_on, c.published_on_from, c.published_on_conflict,
    c.place, c.issuers, c.topics, c.language, c.links, c.attachments, t.word_count, c.content_sha256, c.version,
    c.first_seen_at, c.last_seen_at, c.last_changed_at, c.is_removed, c.parser_version, c.warc_file, c.warc_offset
FROM mart.current AS c
JOIN facts.texts AS t USING (text_sha256)
WHERE c.copy_rank = 1;
