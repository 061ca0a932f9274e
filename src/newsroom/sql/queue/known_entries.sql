-- One row is an address of $urls that the listing of the source showed before, and what it said of it last.
SELECT url, arg_max(entry_sha256, tick) AS entry_sha256 FROM facts.entries
WHERE source = $source AND url IN (SELECT unnest($urls))
GROUP BY url;
