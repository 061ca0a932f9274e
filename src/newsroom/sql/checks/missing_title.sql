-- Articles without a title.
-- Blank ones begin with a blank, of which there are one below '!' and several from U+00A0 on: most titles need not be trimmed to be told.
SELECT source, article_id, url FROM mart.articles
WHERE title IS NULL OR ((title < '!' OR title >= chr(160)) AND trim(title) = '')
