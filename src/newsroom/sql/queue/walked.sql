-- One row: whether some walk has read the window $since/$until of the listing whole; how many articles listed in it are known, and how
-- many at all; and how many entries the largest walk of the whole listing met (NULL if there was none).
SELECT
    EXISTS (
        SELECT 1 FROM facts.walks
        WHERE source = $source AND is_complete AND coalesce(since_on <= $since, true) AND coalesce(until_on >= $until, true)
    ) AS is_known,
    (SELECT count(*) FROM facts.listed WHERE source = $source AND published_on >= $since AND published_on < $until) AS listed,
    (SELECT count(*) FROM facts.listed WHERE source = $source) AS all_listed,
    (SELECT max(entries) FROM facts.walks WHERE source = $source AND is_whole AND until_on IS NULL) AS whole;
