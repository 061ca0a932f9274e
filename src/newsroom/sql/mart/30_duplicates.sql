-- One row is an article that repeats another. Exact copies point to the representative of their content;
-- near-duplicates (both stay in articles) point to the earliest article of their group.
CREATE OR REPLACE TABLE mart.duplicates AS
WITH RECURSIVE paired AS MATERIALIZED ( -- few, and so looked up once
    SELECT source, article_id, text_sha256, published_on FROM mart.current
    WHERE copy_rank = 1 AND text_sha256 IN (SELECT text_a FROM facts.similarities UNION ALL SELECT text_b FROM facts.similarities)
),
lefts AS MATERIALIZED ( -- else DuckDB may join all of a source with each other first
    SELECT a.source, a.article_id, s.text_b, s.similarity
    FROM facts.similarities AS s
    JOIN paired AS a ON a.text_sha256 = s.text_a
    LEFT JOIN ops.source_settings AS d ON d.source = a.source
    WHERE s.similarity >= coalesce(d.near_similarity, 0)
),
pairs AS (
    SELECT a.article_id AS left_id, b.article_id AS right_id, a.similarity
    FROM lefts AS a
    JOIN paired AS b ON b.text_sha256 = a.text_b AND b.source = a.source
),
edges AS (SELECT left_id, right_id, similarity FROM pairs UNION SELECT right_id, left_id, similarity FROM pairs),
members AS (
    SELECT DISTINCT e.left_id AS article_id,
        row_number() OVER (ORDER BY c.published_on NULLS LAST, len(c.article_id), c.article_id) AS age_rank
    FROM (SELECT DISTINCT left_id FROM edges) AS e JOIN paired AS c ON c.article_id = e.left_id
),
ranked_edges AS (
    SELECT l.age_rank AS left_rank, r.age_rank AS right_rank
    FROM edges AS e JOIN members AS l ON l.article_id = e.left_id JOIN members AS r ON r.article_id = e.right_id
),
-- connected groups: every member learns the lowest rank it can reach
groups (age_rank, lead_rank) USING KEY (age_rank) AS (
    SELECT age_rank, age_rank FROM members
    UNION
    SELECT e.right_rank, min(g.lead_rank)
    FROM groups AS g
    JOIN ranked_edges AS e ON e.left_rank = g.age_rank
    JOIN recurring.groups AS known ON known.age_rank = e.right_rank
    WHERE g.lead_rank < known.lead_rank
    GROUP BY e.right_rank
)
SELECT c.article_id, c.representative_id AS duplicate_of, 'exact' AS kind, 1.0 AS similarity
FROM mart.current AS c
WHERE c.copy_rank > 1
UNION ALL
SELECT m.article_id, lead_member.article_id, 'near', coalesce(
    (SELECT max(e.similarity) FROM edges AS e WHERE e.left_id = m.article_id AND e.right_id = lead_member.article_id),
    (SELECT max(e.similarity) FROM edges AS e WHERE e.left_id = m.article_id))
FROM groups AS g
JOIN members AS m ON m.age_rank = g.age_rank
JOIN members AS lead_member ON lead_member.age_rank = g.lead_rank
WHERE g.age_rank <> g.lead_rank;
