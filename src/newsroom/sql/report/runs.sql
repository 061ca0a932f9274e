-- One row is one of the last thirty runs, newest first, with its counts over all sources.
SELECT
    r.run_id, r.kind, r.started_at, r.finished_at, r.outcome, r.detail, r.newsroom_version,
    epoch(r.finished_at - r.started_at) AS seconds,
    coalesce(sum(c.value) FILTER (c.name = 'requests'), 0)::BIGINT AS requests,
    coalesce(sum(c.value) FILTER (c.name = 'new_articles'), 0)::BIGINT AS new_articles,
    coalesce(sum(c.value) FILTER (c.name = 'new_versions'), 0)::BIGINT AS new_versions,
    r.run_id IN (SELECT run_id FROM ops.publications WHERE action = 'publish') AS is_published
FROM ops.runs AS r
LEFT JOIN ops.counts AS c USING (run_id)
GROUP BY ALL
ORDER BY r.started_at DESC, r.run_id DESC
LIMIT 30
