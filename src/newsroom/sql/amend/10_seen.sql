-- When an article or entry was last seen is written over in place: most of what is touched in a night was only seen again.
UPDATE public_file.main.articles AS p SET last_seen_at = c.last_seen_at
FROM (
    SELECT article_id, last_seen_at FROM mart.current
    WHERE rowid IN (SELECT rowid FROM mart.current SEMI JOIN mart.touched USING (article_id)) AND copy_rank = 1
) AS c
WHERE p.article_id = c.article_id AND p.last_seen_at <> c.last_seen_at;

UPDATE public_file.main.listing_entries AS p SET last_seen_at = e.last_seen_at
FROM (
    SELECT article_id, url, last_seen_at FROM mart.listing_entries
    WHERE rowid IN (SELECT rowid FROM mart.listing_entries SEMI JOIN mart.touched USING (article_id))
) AS e
WHERE p.article_id = e.article_id AND p.url = e.url AND p.last_seen_at <> e.last_seen_at;
