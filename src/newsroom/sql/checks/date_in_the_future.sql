-- Articles dated more than a day after now: somewhere on earth it is tomorrow already, but not the day after.
SELECT source, article_id, url, published_on FROM mart.articles WHERE published_on > CAST($now AS DATE) + 1
