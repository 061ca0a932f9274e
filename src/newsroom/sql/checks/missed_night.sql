-- Nights that did not take place: since the nightly walk before this one more than twice the usual time has passed.
-- Usual is the median pause of the last fourteen nightly walks, at least a day; three of them are needed to know it.
WITH nightly AS (
    SELECT source, run_id, started_at, started_at - lag(started_at) OVER w AS pause, row_number() OVER (PARTITION BY source ORDER BY tick DESC) AS back
    FROM facts.walks
    WHERE kind = 'nightly'
    WINDOW w AS (PARTITION BY source ORDER BY tick)
),
usual AS (
    SELECT source, greatest(median(epoch(pause)), 86400) AS seconds, count(pause) AS pauses FROM nightly WHERE back BETWEEN 2 AND 15 GROUP BY source
)
SELECT n.source, format('{:.1f} days since the nightly walk before; usually {:.1f}', epoch(n.pause) / 86400, u.seconds / 86400) AS finding,
    n.started_at, epoch(n.pause) / 86400 AS days
FROM nightly AS n
JOIN usual AS u USING (source)
WHERE n.back = 1 AND n.run_id = $run_id AND u.pauses >= 3 AND epoch(n.pause) > 1.9 * u.seconds
ORDER BY n.source
