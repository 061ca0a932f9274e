-- One row: the newest publication date of the source's last complete walk from the top; a backfill never counts.
SELECT max(newest_on) AS newest_on FROM facts.walks
WHERE source = $source AND is_complete AND kind IN ('nightly', 'sweep');
