-- Walks of this run that got listing pages and found no entry on them: the listing was redesigned, or is a block page.
SELECT walk_id, source, pages, reason FROM facts.walks WHERE run_id = $run_id AND pages > 0 AND entries = 0 AND kind <> 'backfill'
