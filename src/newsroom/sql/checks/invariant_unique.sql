-- Articles that share an id, an address or an exact content with another (invariant 2 of the contract).
SELECT 'article_id' AS shared, article_id AS value, count(*) AS articles FROM mart.articles GROUP BY article_id HAVING count(*) > 1
UNION ALL
SELECT 'url', url, count(*) FROM mart.articles GROUP BY url HAVING count(*) > 1
UNION ALL
SELECT 'content_sha256', content_sha256, count(*) FROM mart.articles GROUP BY content_sha256 HAVING count(*) > 1
