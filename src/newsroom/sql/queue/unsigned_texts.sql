-- One row is a text that has no MinHash signature yet.
SELECT text_sha256, body FROM facts.texts
WHERE text_sha256 NOT IN (SELECT text_sha256 FROM facts.signatures)
ORDER BY text_sha256
LIMIT $limit;
