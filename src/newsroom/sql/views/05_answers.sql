-- One row is an attempt to get an article that counts: all but the suspect answers of a run to which the site answered all requests alike.
CREATE OR REPLACE VIEW facts.answers AS
SELECT f.*
FROM facts.fetches AS f
LEFT JOIN facts.distrusts AS d USING (run_id, source)
WHERE d.run_id IS NULL OR NOT (f.outcome = 'rejected' OR coalesce(f.likeness = d.likeness, false));

-- One row is an article that such a run asked for in vain: it is asked for after all others, lest it hold them up again.
CREATE OR REPLACE VIEW facts.distrusted AS
SELECT f.article_id, max(f.fetched_at) AS distrusted_at
FROM facts.fetches AS f
JOIN facts.distrusts AS d USING (run_id, source)
WHERE f.outcome = 'rejected' OR coalesce(f.likeness = d.likeness, false)
GROUP BY f.article_id;
