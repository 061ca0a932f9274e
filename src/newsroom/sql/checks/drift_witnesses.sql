-- Pages and listing (or dateline, or the values we know) that no longer say the same: fields are swapped, or read from elsewhere.
-- In a newsroom whose pages have moved (fields found by other candidates than before) a single contradiction is enough, where there are
-- none usually. Where there is no history to compare with, the page must agree with its listing on title and day at least every second time.
WITH moved AS (
    SELECT DISTINCT source FROM mart.sign_rates WHERE kind = 'candidate' AND missing >= 3 AND expected - rate > 0.25 AND surprise > 11.5
)
SELECT r.source, r.layout, r.subject, format('{}: {}', r.subject, r.told) AS finding,
    r.pages, r.holding, r.expected, r.examples[1].url AS url, r.examples[1].warc_file AS warc_file, r.examples[1].warc_offset AS warc_offset,
    r.examples[2].url AS second_url, r.examples[2].warc_file AS second_warc_file, r.examples[2].warc_offset AS second_warc_offset
FROM mart.sign_rates AS r
JOIN ops.check_bounds AS b ON b.check_name = 'drift_witnesses' AND b.source = r.source
WHERE r.kind = 'witness' AND (
    (r.missing >= b.min_pages AND r.expected - r.rate > b.max_drop AND r.surprise > 11.5)
    OR (r.source IN (SELECT source FROM moved) AND r.basis = 'fresh' AND r.layout <> 'all layouts' AND r.expected > 0.98 AND r.missing > 0
        AND r.subject IN ('title and listing', 'published_on near the listing', 'content_type and listing'))
    OR (r.expected IS NULL AND r.pages >= 10 AND r.rate < 0.5 AND r.subject IN ('title and listing', 'published_on near the listing')))
ORDER BY r.layout = 'all layouts', r.surprise DESC, r.source, r.layout, r.subject
