-- The one row says how much there is, and how fresh it is.
SELECT articles, removed, (SELECT count(*) FROM article_versions) AS versions, (SELECT count(*) FROM duplicates WHERE kind = 'exact') AS copies,
    first_on, last_on, sources, run_id, finished_at
FROM (
    SELECT count(*) AS articles, count(*) FILTER (is_removed) AS removed, min(published_on) AS first_on, max(published_on) AS last_on,
        list(DISTINCT source ORDER BY source) AS sources
    FROM articles
), (
    SELECT arg_max(run_id, (started_at, run_id)) AS run_id, arg_max(finished_at, (started_at, run_id)) AS finished_at FROM runs
)
