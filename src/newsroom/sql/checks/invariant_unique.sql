-- Articles that share an id, an address or an exact content with another (invariant 2 of the contract).
WITH articles AS MATERIALIZED (SELECT article_id, url, content_sha256 FROM mart.articles)
SELECT 'article_id' AS shared, article_id AS value, count(*) AS articles FROM articles GROUP BY article_id HAVING count(*) > 1
UNION ALL
SELECT 'url', url, count(*) FROM articles GROUP BY url HAVING count(*) > 1
UNION ALL
SELECT 'content_sha256', content_sha256, count(*) FROM articles GROUP BY content_sha256 HAVING count(*) > 1
