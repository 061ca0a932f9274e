-- One row is an archive file that a row of a public file was read from.
SELECT DISTINCT source, warc_file FROM (
    SELECT split_part(article_id, ':', 1) AS source, warc_file FROM article_versions
    UNION ALL SELECT source, warc_file FROM articles
    UNION ALL SELECT source, warc_file FROM quarantine
)
WHERE warc_file IS NOT NULL
ORDER BY source, warc_file;
