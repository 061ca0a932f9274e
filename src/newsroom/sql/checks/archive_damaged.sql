-- Articles whose page can no longer be read back from the archive; what was read of it stands, and it is asked for again.
SELECT source, article_id, url, coalesce(detail, 'cannot be read back') AS finding FROM facts.damaged
ORDER BY article_id
