-- One row is an address, with the article it leads to. An address has one row: the strongest relation wins.
CREATE OR REPLACE TABLE mart.article_urls AS
WITH known AS (
    SELECT url, article_id, 'canonical' AS relation, 1 AS strength FROM mart.current WHERE copy_rank = 1
    UNION ALL
    SELECT url, representative_id, 'duplicate', 2 FROM mart.current WHERE copy_rank > 1
    UNION ALL
    SELECT e.url, c.representative_id, CASE WHEN c.copy_rank = 1 THEN 'alias' ELSE 'duplicate' END, 3
    FROM facts.entries AS e JOIN mart.current AS c USING (article_id)
    UNION ALL
    SELECT f.final_url, c.representative_id, 'redirect', 4
    FROM facts.answers AS f JOIN mart.current AS c USING (article_id)
    WHERE f.outcome = 'ok' AND f.final_url IS NOT NULL AND f.final_url <> f.url
)
SELECT url, arg_min(article_id, (strength, article_id)) AS article_id, arg_min(relation, (strength, article_id)) AS relation
FROM known
GROUP BY url
ORDER BY url;
