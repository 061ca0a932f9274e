-- One row is an article in the index of the full-text search.
CREATE OR REPLACE TABLE mart.search_documents AS
SELECT s.document, c.article_id, s.length
FROM mart.current AS c JOIN facts.search_texts AS s USING (text_sha256)
WHERE c.copy_rank = 1;
