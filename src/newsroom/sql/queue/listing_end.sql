-- One row: the latest walk since $began_at that went past $until to the end of the listing and met nothing older than $until; none if
-- there is no such walk. All entries of the pages it read are known, those outside its own window too.
SELECT run_id, finished_at FROM facts.walks
WHERE source = $source AND is_complete AND is_whole AND started_at >= $began_at AND coalesce(until_on >= $until, true)
    AND NOT EXISTS (SELECT 1 FROM facts.entries WHERE source = $source AND published_on < $until)
ORDER BY tick DESC LIMIT 1;
