-- Nights that brought far fewer or far more new articles than the same weekdays at this time of the year do.
-- Counted by day of publication, from the day after the last complete walk before this one to yesterday, so that a missed night or a
-- late one is not unusual. The measure: the same weekdays of the last twelve weeks, and of the four weeks either side in the four
-- years before. Too few: less than a fifth of what was to be expected (at least eight), in that very week of those years too, and fewer
-- than half of the fewest on any such day. Too many: more than five times as many (at least thirty), and more than on any such day.
-- Fewer than eight such days: no measure.
WITH walks AS (
    SELECT source, max(started_at) FILTER (run_id = $run_id AND is_complete AND kind IN ('nightly', 'sweep')) AS this_at,
        max(finished_at) FILTER (run_id <> $run_id AND is_complete AND kind IN ('nightly', 'sweep')) AS last_at
    FROM facts.walks
    GROUP BY source
),
days AS (
    SELECT w.source, CAST(unnest(range(CAST(w.last_at AS DATE), CAST(w.this_at AS DATE), INTERVAL 1 DAY)) AS DATE) AS on_day
    FROM walks AS w
    WHERE w.this_at IS NOT NULL AND CAST(w.this_at AS DATE) - CAST(w.last_at AS DATE) BETWEEN 1 AND 14
),
per_day AS (SELECT source, published_on AS on_day, count(*) AS articles FROM facts.listed WHERE published_on IS NOT NULL GROUP BY ALL),
reach AS (SELECT source, min(on_day) AS oldest_on FROM per_day GROUP BY source),
alike AS (
    SELECT d.source, d.on_day, CAST(back.on_day AS DATE) AS past_day, back.is_season
    FROM days AS d, LATERAL (
        SELECT d.on_day - 7 * CAST(n AS INTEGER) AS on_day, false AS is_season FROM range(1, 13) AS r(n)
        UNION ALL
        SELECT d.on_day - 364 * CAST(y AS INTEGER) + 7 * CAST(n AS INTEGER), n = 0 FROM range(1, 5) AS years(y), range(-4, 5) AS weeks(n)
    ) AS back
),
measured AS (
    SELECT a.source, a.on_day, avg(coalesce(p.articles, 0)) AS expected,
        coalesce(avg(coalesce(p.articles, 0)) FILTER (a.is_season), expected) AS in_season,
        min(coalesce(p.articles, 0)) AS fewest, max(coalesce(p.articles, 0)) AS most
    FROM alike AS a
    JOIN reach AS r ON r.source = a.source AND a.past_day >= r.oldest_on
    LEFT JOIN per_day AS p ON p.source = a.source AND p.on_day = a.past_day
    GROUP BY a.source, a.on_day
    HAVING count(*) >= 8
),
summed AS (
    SELECT m.source, min(m.on_day) AS since_on, max(m.on_day) AS until_on, sum(coalesce(p.articles, 0)) AS articles, sum(m.expected) AS expected,
        sum(least(m.expected, m.in_season)) AS at_least, sum(m.fewest) AS fewest, sum(m.most) AS most
    FROM measured AS m
    LEFT JOIN per_day AS p ON p.source = m.source AND p.on_day = m.on_day
    GROUP BY m.source
)
SELECT source, format('{} new articles dated {} to {}; {:.1f} were to be expected', articles, since_on, until_on, expected) AS finding, articles, expected, since_on, until_on
FROM summed
WHERE (articles < 0.2 * at_least AND at_least >= 8 AND articles <= 0.5 * fewest)
    OR (articles > 5 * expected AND articles >= 30 AND articles > most)
ORDER BY source
