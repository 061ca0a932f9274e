-- One row: the newest publication date of the source's last complete walk from the top; a backfill never counts, nor does a walk
-- made while the clock was ahead.
SELECT max(newest_on) AS newest_on FROM facts.walks
WHERE source = $source AND is_complete AND kind IN ('nightly', 'sweep') AND started_at <= $now;
