-- Articles without a title.
SELECT source, article_id, url FROM mart.articles
WHERE title IS NULL OR (title < '!' AND trim(title) = '') -- blank ones are among the first: by this DuckDB knows where there can be none
