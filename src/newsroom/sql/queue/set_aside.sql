-- One row is a quarantined article to be tried again (a page that is no article, $refusals: from the site): those named in $ids (quarantine id or article id), else all.
SELECT article_id, CASE WHEN list_contains($refusals, reason) THEN 'fetch' ELSE stage END AS stage FROM mart.quarantine
WHERE source = $source AND (len($ids) = 0 OR list_contains($ids, quarantine_id) OR list_contains($ids, article_id))
ORDER BY article_id;
