-- One row is an address of the frontier: what became of the attempts to get it so far.
-- A failed night counts once, however often it was tried; a host that was down as a whole counts for nothing. "Last" is by tick.
CREATE OR REPLACE VIEW facts.frontier AS
WITH asked AS MATERIALIZED (
    SELECT
        article_id,
        max_by(fetched_at, tick) FILTER (outcome IN ('ok', 'not_modified')) AS had_at,
        max_by(fetched_at, tick) FILTER (outcome = 'ok') AS payload_at,
        max(tick) FILTER (outcome IN ('ok', 'not_modified')) AS had_tick,
        max_by(fetched_at, tick) FILTER (reason IS DISTINCT FROM 'host-down') AS tried_at,
        max_by(outcome, tick) FILTER (reason IS DISTINCT FROM 'host-down') AS last_outcome,
        max_by(detail, tick) FILTER (reason IS DISTINCT FROM 'host-down') AS last_detail,
        max_by(reason, tick) FILTER (reason IS DISTINCT FROM 'host-down') AS last_reason,
        count(*) FILTER (reason IS DISTINCT FROM 'host-down') AS attempt_count
    FROM facts.answers
    GROUP BY article_id
),
failing AS ( -- few are
    SELECT
        f.article_id,
        min_by(f.fetched_at, f.tick) AS failing_since_at,
        count(DISTINCT date_trunc('day', f.fetched_at)) FILTER (f.outcome IN ('failed', 'gone', 'rejected')) AS failed_nights
    FROM facts.answers AS f
    JOIN asked AS a USING (article_id)
    WHERE f.outcome NOT IN ('ok', 'not_modified') AND f.reason IS DISTINCT FROM 'host-down' AND (a.had_tick IS NULL OR f.tick > a.had_tick)
    GROUP BY f.article_id
)
SELECT
    l.source, l.article_id, l.url, l.title, l.published_on, l.content_type, l.issuers, l.topics, l.first_seen_at,
    a.had_at, a.had_tick, a.payload_at,
    a.tried_at, a.last_outcome, a.last_reason, a.last_detail, f.failing_since_at,
    coalesce(a.attempt_count, 0) AS attempt_count,
    coalesce(f.failed_nights, 0) AS failed_nights
FROM facts.listed AS l
LEFT JOIN asked AS a USING (article_id)
LEFT JOIN failing AS f USING (article_id);
