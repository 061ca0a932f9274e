-- The one row says how much there is, and how fresh it is.
SELECT
    (SELECT count(*) FROM articles) AS articles,
    (SELECT count(*) FROM articles WHERE is_removed) AS removed,
    (SELECT count(*) FROM article_versions) AS versions,
    (SELECT count(*) FROM duplicates WHERE kind = 'exact') AS copies,
    (SELECT min(published_on) FROM articles) AS first_on,
    (SELECT max(published_on) FROM articles) AS last_on,
    (SELECT list(DISTINCT source ORDER BY source) FROM articles) AS sources,
    (SELECT arg_max(run_id, (started_at, run_id)) FROM runs) AS run_id,
    (SELECT arg_max(finished_at, (started_at, run_id)) FROM runs) AS finished_at
