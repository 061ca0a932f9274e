-- One row is an archived page whose latest reading is not by today's parser and definition ($force: those of these articles all the same).
SELECT p.article_id, coalesce(l.url, p.url) AS url, p.payload_sha256, p.warc_file, p.warc_offset, l.published_on AS listed_on,
    l.title AS listed_title, p.final_url, r.text_sha256
FROM facts.payloads AS p
LEFT JOIN facts.listed AS l USING (source, article_id)
LEFT JOIN facts.latest_readings AS r USING (article_id, payload_sha256)
WHERE p.source = $source
    AND (list_contains($force, p.article_id)
        OR r.article_id IS NULL
        OR r.parser_version <> $parser_version
        OR r.definition_sha256 <> $definition_sha256)
ORDER BY p.warc_file, p.warc_offset;
