-- One row is an address of the frontier: what became of the attempts to get it so far.
-- A failed night counts once, however often it was tried; a host that was down as a whole counts for nothing. "Last" is by tick.
CREATE OR REPLACE VIEW facts.frontier AS
WITH last_had AS (
    SELECT
        article_id,
        max_by(fetched_at, tick) AS had_at,
        max_by(fetched_at, tick) FILTER (outcome = 'ok') AS payload_at,
        max(tick) AS had_tick
    FROM facts.answers
    WHERE outcome IN ('ok', 'not_modified')
    GROUP BY article_id
),
validators AS (
    SELECT article_id, max_by(etag, tick) AS etag, max_by(last_modified, tick) AS last_modified
    FROM facts.answers
    WHERE outcome = 'ok'
    GROUP BY article_id
),
attempts AS (
    SELECT
        f.article_id,
        max_by(f.fetched_at, f.tick) AS tried_at,
        max_by(f.outcome, f.tick) AS last_outcome,
        max_by(f.detail, f.tick) AS last_detail,
        max_by(f.reason, f.tick) AS last_reason,
        min_by(f.fetched_at, f.tick) FILTER (h.had_tick IS NULL OR f.tick > h.had_tick) AS failing_since_at,
        count(*) AS attempt_count
    FROM facts.answers AS f
    LEFT JOIN last_had AS h USING (article_id)
    WHERE f.reason IS DISTINCT FROM 'host-down'
    GROUP BY f.article_id
),
nights AS ( -- few have any
    SELECT f.article_id, count(DISTINCT date_trunc('day', f.fetched_at)) AS failed_nights
    FROM facts.answers AS f
    LEFT JOIN last_had AS h USING (article_id)
    WHERE f.reason IS DISTINCT FROM 'host-down' AND f.outcome IN ('failed', 'gone', 'rejected') AND (h.had_tick IS NULL OR f.tick > h.had_tick)
    GROUP BY f.article_id
)
SELECT
    l.source, l.article_id, l.url, l.title, l.published_on, l.content_type, l.issuers, l.topics, l.first_seen_at,
    h.had_at, h.had_tick, h.payload_at, v.etag, v.last_modified,
    a.tried_at, a.last_outcome, a.last_reason, a.last_detail, a.failing_since_at,
    coalesce(a.attempt_count, 0) AS attempt_count,
    coalesce(n.failed_nights, 0) AS failed_nights
FROM facts.listed AS l
LEFT JOIN last_had AS h USING (article_id)
LEFT JOIN validators AS v USING (article_id)
LEFT JOIN attempts AS a USING (article_id)
LEFT JOIN nights AS n USING (article_id);
