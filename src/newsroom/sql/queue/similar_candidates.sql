-- One row is a pair of texts that share an LSH band, at least one of them new ($fresh).
WITH banded AS (
    SELECT text_sha256, unnest(bands) AS band, generate_subscripts(bands, 1) AS position FROM facts.signatures
),
fresh AS (SELECT * FROM banded WHERE text_sha256 IN (SELECT unnest($fresh))),
pairs AS (
    SELECT DISTINCT least(f.text_sha256, o.text_sha256) AS text_a, greatest(f.text_sha256, o.text_sha256) AS text_b
    FROM fresh AS f
    JOIN banded AS o USING (band, position)
    WHERE f.text_sha256 <> o.text_sha256
)
SELECT p.text_a, p.text_b, a.title AS title_a, b.title AS title_b, sa.signature AS signature_a, sb.signature AS signature_b
FROM pairs AS p
JOIN facts.texts AS a ON a.text_sha256 = p.text_a
JOIN facts.texts AS b ON b.text_sha256 = p.text_b
JOIN facts.signatures AS sa ON sa.text_sha256 = p.text_a
JOIN facts.signatures AS sb ON sb.text_sha256 = p.text_b
WHERE a.content_sha256 <> b.content_sha256
ORDER BY p.text_a, p.text_b;
