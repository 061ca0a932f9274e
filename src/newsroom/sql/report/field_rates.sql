-- One row is one of the last thirty runs that read pages, oldest first: the share of its pages in which each field was found.
SELECT
    r.run_id, min(r.read_at) AS started_at, count(*) AS pages,
    avg((r.reason IS NULL)::INTEGER) AS readable,
    avg((r.content_type IS NOT NULL)::INTEGER) FILTER (r.reason IS NULL) AS content_type,
    avg((r.published_on IS NOT NULL)::INTEGER) FILTER (r.reason IS NULL) AS published_on,
    avg((coalesce(r.place, r.dateline_place) IS NOT NULL)::INTEGER) FILTER (r.reason IS NULL) AS place,
    avg((len(r.issuers) > 0)::INTEGER) FILTER (r.reason IS NULL) AS issuers,
    avg((len(r.topics) > 0)::INTEGER) FILTER (r.reason IS NULL) AS topics,
    avg((r.language IS NOT NULL)::INTEGER) FILTER (r.reason IS NULL) AS language
FROM facts.readings AS r
JOIN (SELECT run_id FROM ops.runs ORDER BY started_at DESC, run_id DESC LIMIT 30) AS l USING (run_id)
GROUP BY r.run_id
ORDER BY started_at, r.run_id
