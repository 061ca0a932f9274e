-- One row is a signed text that has not been compared with the others yet.
SELECT text_sha256 FROM facts.signatures
WHERE text_sha256 NOT IN (SELECT text_sha256 FROM facts.compared)
ORDER BY text_sha256
LIMIT $limit;
