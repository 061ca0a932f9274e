-- The index of the full-text search, as far as articles now have the texts (mart/45_search_documents); see search/count.sql.

-- One row is a word of an article. Ordered by word, so that a query reads little of it.
CREATE OR REPLACE VIEW mart.search_postings AS
SELECT word_number, document, weight FROM facts.search_postings SEMI JOIN mart.search_documents USING (document)
ORDER BY word_number, document;

-- One row is a word, and in how many articles it stands.
CREATE OR REPLACE VIEW mart.search_words AS
SELECT w.word_number, w.word, p.documents
FROM facts.search_words AS w
JOIN (
    SELECT word_number, CAST(count(*) AS INTEGER) AS documents
    FROM facts.search_postings SEMI JOIN mart.search_documents USING (document) GROUP BY word_number
) AS p USING (word_number)
ORDER BY w.word_number;
