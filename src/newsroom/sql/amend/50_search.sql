-- The search index: the documents that went, those that came, their postings, and in how many documents each of their words stands.
CREATE OR REPLACE TEMP TABLE was AS FROM public_file.main.search_documents SEMI JOIN mart.touched USING (article_id);
CREATE OR REPLACE TEMP TABLE is_now AS FROM mart.search_documents SEMI JOIN mart.touched USING (article_id);
CREATE OR REPLACE TEMP TABLE gone AS SELECT document FROM was ANTI JOIN is_now USING (document, article_id, length);
CREATE OR REPLACE TEMP TABLE come AS SELECT document FROM is_now ANTI JOIN was USING (document, article_id, length);

CREATE OR REPLACE TEMP TABLE recounted AS
SELECT word_number, CAST(sum(documents) AS INTEGER) AS documents FROM (
    SELECT word_number, count(*) AS documents FROM facts.search_postings WHERE document IN (FROM come) GROUP BY word_number
    UNION ALL
    SELECT word_number, -count(*) FROM public_file.main.search_postings WHERE document IN (FROM gone) GROUP BY word_number
)
GROUP BY word_number;

DELETE FROM public_file.main.search_postings WHERE document IN (FROM gone);
DELETE FROM public_file.main.search_documents WHERE document IN (FROM gone);
INSERT INTO public_file.main.search_documents BY NAME FROM mart.search_documents WHERE document IN (FROM come) ORDER BY document;
INSERT INTO public_file.main.search_postings BY NAME
FROM facts.search_postings WHERE document IN (FROM come) ORDER BY word_number, document;

UPDATE public_file.main.search_words AS w SET documents = w.documents + r.documents
FROM recounted AS r WHERE r.word_number = w.word_number AND r.documents <> 0;
DELETE FROM public_file.main.search_words WHERE documents = 0;
INSERT INTO public_file.main.search_words BY NAME
SELECT w.word_number, w.word, r.documents
FROM recounted AS r JOIN facts.search_words AS w USING (word_number)
WHERE r.documents > 0 AND r.word_number NOT IN (SELECT word_number FROM public_file.main.search_words)
ORDER BY w.word_number;

DROP TABLE was;
DROP TABLE is_now;
DROP TABLE gone;
DROP TABLE come;
DROP TABLE recounted;
