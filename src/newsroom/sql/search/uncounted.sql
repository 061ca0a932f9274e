-- One row: how many texts have not been counted by today's rule. Texts never go, and each is counted once: so the difference tells.
SELECT (SELECT count(*) FROM facts.texts) - (SELECT count(*) FROM facts.search_texts SEMI JOIN rule USING (rule)) AS texts
