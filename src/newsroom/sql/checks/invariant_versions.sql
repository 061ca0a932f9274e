-- Articles whose versions have gaps or overlaps, or whose newest version is not what articles shows (invariant 3 of the contract).
-- Texts stand once, under the hash of every letter of them: the same hash is the same text, and none has to be read.
WITH articles AS MATERIALIZED (SELECT article_id, version, content_sha256, published_on FROM mart.articles),
versions AS MATERIALIZED (SELECT article_id, version, valid_from, valid_to, content_sha256, published_on FROM mart.article_versions),
chains AS ( -- an article of which there is only its first version, still open, has none
    SELECT article_id FROM versions GROUP BY article_id HAVING count(*) > 1 OR max(version) <> 1 OR max(valid_to) IS NOT NULL
),
chained AS (
    SELECT *, lead(valid_from) OVER w AS next_from, row_number() OVER w AS expected
    FROM versions SEMI JOIN chains USING (article_id) WINDOW w AS (PARTITION BY article_id ORDER BY version)
),
other_text AS (
    SELECT c.article_id FROM mart.current AS c
    JOIN mart.versions AS v ON v.article_id = c.article_id AND v.valid_to IS NULL AND v.text_sha256 <> c.text_sha256
)
SELECT article_id, version, 'gap or overlap' AS trouble FROM chained
WHERE version <> expected OR valid_to IS DISTINCT FROM next_from OR (valid_to IS NOT NULL AND valid_to <= valid_from)
UNION ALL
SELECT a.article_id, a.version, 'newest version differs from articles'
FROM articles AS a
LEFT JOIN versions AS v ON v.article_id = a.article_id AND v.valid_to IS NULL
WHERE v.version IS DISTINCT FROM a.version OR v.content_sha256 IS DISTINCT FROM a.content_sha256
    OR v.published_on IS DISTINCT FROM a.published_on OR a.article_id IN (SELECT article_id FROM other_text)
UNION ALL
SELECT article_id, NULL, 'versions of no article' FROM versions WHERE article_id NOT IN (SELECT article_id FROM articles)
