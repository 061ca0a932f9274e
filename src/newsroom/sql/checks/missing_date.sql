-- Articles without a publication date.
SELECT source, article_id, url, title FROM mart.articles WHERE published_on IS NULL
