-- One row is what is set aside, the latest first.
SELECT quarantine_id, source, url, article_id, stage, reason, detail, attempts, first_at, last_at, warc_file, warc_offset
FROM mart.quarantine ORDER BY last_at DESC, article_id LIMIT 200
