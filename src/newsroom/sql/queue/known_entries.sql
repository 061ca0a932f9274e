-- One row is an address of $urls that the listing of the source showed before, what it said of it last, and the articles it was listed as.
SELECT url, arg_max(entry_sha256, tick) AS entry_sha256, list(DISTINCT article_id) AS article_ids FROM facts.entries
WHERE source = $source AND url IN (SELECT unnest($urls))
GROUP BY url;
