-- Articles without a title.
SELECT article_id, url FROM mart.articles WHERE title IS NULL OR trim(title) = ''
