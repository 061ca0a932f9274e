-- Articles without a publication date.
SELECT article_id, url, title FROM mart.articles WHERE published_on IS NULL
