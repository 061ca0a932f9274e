-- Articles without a body.
SELECT source, article_id, url FROM mart.articles WHERE word_count = 0
