-- One row: whether there may be rows in queue/uncompared_texts, which costs ten times as much. Texts never go, and each is compared once: so the
-- difference tells.
SELECT (SELECT count(*) FROM facts.signatures) <> (SELECT count(*) FROM facts.compared) AS has_uncompared;
