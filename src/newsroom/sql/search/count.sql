-- The words of 1,000 texts (words.py says why so many) that have not been counted. Older versions are counted, too: mart.search_documents
-- says which count.
-- weight: how often a word stands in lead and body, a title's words three times.
DELETE FROM facts.search_postings WHERE EXISTS (FROM facts.search_texts ANTI JOIN rule USING (rule));
DELETE FROM facts.search_words WHERE EXISTS (FROM facts.search_texts ANTI JOIN rule USING (rule));
DELETE FROM facts.search_texts WHERE rule <> (FROM rule);

CREATE OR REPLACE TEMP TABLE unindexed AS
SELECT coalesce((SELECT max(document) FROM facts.search_texts), 0) + row_number() OVER (ORDER BY text_sha256) AS document, text_sha256, place
FROM ( -- neighbours, so that the bodies of no others are read
    SELECT text_sha256, t.rowid AS place FROM facts.texts AS t ANTI JOIN facts.search_texts USING (text_sha256) ORDER BY place LIMIT 1000
);

-- in four parts, for DuckDB gives a table of some thousand rows to one core
CREATE OR REPLACE TEMP MACRO words_of_part(part) AS TABLE
SELECT u.document, unnest(search_words(concat_ws(' ', t.title, t.title, t.title, t.lead, t.body))) AS word
FROM unindexed AS u JOIN facts.texts AS t ON t.rowid = u.place
WHERE u.document % 4 = part;
CREATE OR REPLACE TEMP TABLE counted AS
SELECT document, word, CAST(least(count(*), 255) AS UTINYINT) AS weight
FROM (FROM words_of_part(0) UNION ALL FROM words_of_part(1) UNION ALL FROM words_of_part(2) UNION ALL FROM words_of_part(3))
GROUP BY document, word;

INSERT INTO facts.search_words BY NAME
SELECT coalesce((SELECT max(word_number) FROM facts.search_words), 0) + row_number() OVER (ORDER BY word) AS word_number, word
FROM (SELECT DISTINCT word FROM counted ANTI JOIN facts.search_words USING (word));

INSERT INTO facts.search_postings BY NAME
SELECT w.word_number, c.document, c.weight FROM counted AS c JOIN facts.search_words AS w USING (word)
ORDER BY w.word_number, c.document; -- so that the order of mart.search_postings is nearly there already, and costs half

INSERT INTO facts.search_texts BY NAME
SELECT u.document, u.text_sha256, coalesce(c.length, 0) AS length, (FROM rule) AS rule
FROM unindexed AS u LEFT JOIN (SELECT document, sum(weight) AS length FROM counted GROUP BY document) AS c USING (document);

DROP TABLE counted;
DROP MACRO TABLE words_of_part;
