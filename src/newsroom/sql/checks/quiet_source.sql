-- Sources that have published nothing for longer than they ever do at this time of the year: is the listing still alive, and still read?
-- The measure is the longest pause that ended within the last year, or around this day (45 days either side) of an earlier one;
-- half as long again is too long, and nothing up to four days is. A source of less than 400 days, which has no season yet, is given
-- three times its longest pause, and a week at least; one of less than sixty days has no measure.
WITH listed AS (
    SELECT DISTINCT source, published_on AS on_day FROM facts.listed WHERE published_on BETWEEN CAST($now AS DATE) - 1900 AND CAST($now AS DATE)
),
pauses AS (
    SELECT source, on_day, on_day - lag(on_day) OVER (PARTITION BY source ORDER BY on_day) AS days FROM listed
),
seasonal AS (
    SELECT source, min(on_day) AS oldest_on, max(on_day) AS newest_on,
        max(days) FILTER (CAST($now AS DATE) - on_day <= 365
            OR least(abs(dayofyear(on_day) - dayofyear(CAST($now AS DATE))), 365 - abs(dayofyear(on_day) - dayofyear(CAST($now AS DATE)))) <= 45) AS longest
    FROM pauses
    GROUP BY source
)
SELECT source, format('nothing new since {}, {} days ago; the longest pause of the season was {} days', newest_on, CAST($now AS DATE) - newest_on, longest) AS finding,
    newest_on, CAST($now AS DATE) - newest_on AS days, longest
FROM seasonal
WHERE newest_on - oldest_on >= 60 AND CAST($now AS DATE) - newest_on > CASE WHEN CAST($now AS DATE) - oldest_on >= 400 THEN greatest(4, 1.5 * longest) ELSE greatest(7, 3 * longest) END
    AND source IN (SELECT source FROM facts.walks WHERE run_id = $run_id)
ORDER BY source
