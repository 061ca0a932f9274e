-- One row is an archive file that holds a response which is still needed: to be read again by a better parser, or because a row of
-- the public data or of the quarantine was read from it.
SELECT DISTINCT source, warc_file FROM (
    SELECT source, warc_file FROM facts.payloads
    UNION ALL SELECT split_part(article_id, ':', 1), warc_file FROM mart.article_versions
    UNION ALL SELECT source, warc_file FROM mart.articles
    UNION ALL SELECT source, warc_file FROM mart.quarantine
)
WHERE warc_file IS NOT NULL
ORDER BY source, warc_file;
