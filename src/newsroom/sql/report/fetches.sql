-- One row is one of the last thirty runs that asked for articles, oldest first: what came of it, and how long answers took.
SELECT
    f.run_id, min(f.fetched_at) AS started_at,
    count(*) FILTER (f.outcome = 'ok') AS fetched,
    count(*) FILTER (f.outcome = 'not_modified') AS not_modified,
    count(*) FILTER (f.outcome = 'gone') AS gone,
    count(*) FILTER (f.outcome = 'failed') AS failed,
    count(*) FILTER (f.outcome = 'rejected') AS rejected,
    count(*) FILTER (f.outcome = 'disallowed') AS refused,
    quantile_cont(f.seconds, 0.5) FILTER (f.requests > 0 AND f.seconds > 0) AS median_seconds,
    quantile_cont(f.seconds, 0.95) FILTER (f.requests > 0 AND f.seconds > 0) AS slow_seconds,
    sum(f.wire_bytes)::BIGINT AS wire_bytes
FROM facts.fetches AS f
JOIN (SELECT run_id FROM ops.runs ORDER BY started_at DESC, run_id DESC LIMIT 30) AS r USING (run_id)
GROUP BY f.run_id
ORDER BY started_at, f.run_id
