-- Articles without a title.
SELECT source, article_id, url FROM mart.articles WHERE title IS NULL OR trim(title) = ''
