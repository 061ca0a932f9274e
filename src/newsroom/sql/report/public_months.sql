-- One row is how many articles of a type were published in a month.
SELECT CAST(date_trunc('month', published_on) AS DATE) AS month, coalesce(content_type, '(no type)') AS content_type, count(*) AS articles
FROM articles WHERE published_on IS NOT NULL GROUP BY ALL ORDER BY ALL
