-- Articles whose versions have gaps or overlaps, or whose newest version is not what articles shows (invariant 3 of the contract).
WITH chained AS (
    SELECT *, lead(valid_from) OVER w AS next_from, row_number() OVER w AS expected, count(*) OVER (PARTITION BY article_id) AS versions
    FROM mart.article_versions WINDOW w AS (PARTITION BY article_id ORDER BY version)
)
SELECT article_id, version, 'gap or overlap' AS trouble FROM chained
WHERE version <> expected OR valid_to IS DISTINCT FROM next_from OR (valid_to IS NOT NULL AND valid_to <= valid_from)
UNION ALL
SELECT a.article_id, a.version, 'newest version differs from articles'
FROM mart.articles AS a
LEFT JOIN mart.article_versions AS v ON v.article_id = a.article_id AND v.valid_to IS NULL
WHERE v.version IS DISTINCT FROM a.version OR v.content_sha256 IS DISTINCT FROM a.content_sha256 OR v.title IS DISTINCT FROM a.title
    OR v.lead IS DISTINCT FROM a.lead OR v.body IS DISTINCT FROM a.body OR v.published_on IS DISTINCT FROM a.published_on
UNION ALL
SELECT article_id, NULL, 'versions of no article' FROM mart.article_versions WHERE article_id NOT IN (SELECT article_id FROM mart.articles)
