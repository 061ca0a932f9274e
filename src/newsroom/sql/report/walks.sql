-- One row is one of the last walks over listing pages.
SELECT run_id, source, kind, pages, entries, is_complete, is_whole, reason, since_on, started_at, finished_at
FROM facts.walks ORDER BY started_at DESC, walk_id LIMIT 15
