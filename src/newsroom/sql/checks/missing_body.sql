-- Articles without a body.
SELECT article_id, url FROM mart.articles WHERE body IS NULL OR trim(body) = ''
