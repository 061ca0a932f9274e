-- Layouts of which suddenly many pages cannot be read: a redesign yields nothing, or what comes is no article.
-- Where there is no history to compare with, half of at least ten pages.
SELECT r.source, r.layout, format('readable: {}', r.told) AS finding,
    r.pages, r.holding, r.expected, r.examples[1].url AS url, r.examples[1].warc_file AS warc_file, r.examples[1].warc_offset AS warc_offset,
    r.examples[2].url AS second_url, r.examples[2].warc_file AS second_warc_file, r.examples[2].warc_offset AS second_warc_offset
FROM mart.sign_rates AS r
JOIN ops.check_bounds AS b ON b.check_name = 'quarantined_share' AND b.source = r.source
WHERE r.kind = 'page' AND (
    (r.missing >= b.min_pages AND r.expected - r.rate > b.max_drop AND r.surprise > 11.5)
    OR (r.expected IS NULL AND r.pages >= 10 AND r.rate < 0.5))
ORDER BY r.layout = 'all layouts', r.surprise DESC, r.source, r.layout
