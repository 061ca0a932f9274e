-- Published fields that another parser or definition reads differently from the same pages: meant, or a mistake?
SELECT r.source, r.layout, r.subject, format('{} unchanged on {}', r.subject, r.told) AS finding,
    r.pages, r.holding, r.expected, r.examples[1].url AS url, r.examples[1].warc_file AS warc_file, r.examples[1].warc_offset AS warc_offset,
    r.examples[2].url AS second_url, r.examples[2].warc_file AS second_warc_file, r.examples[2].warc_offset AS second_warc_offset
FROM mart.sign_rates AS r
JOIN ops.check_bounds AS b ON b.check_name = 'reread_changes' AND b.source = r.source
WHERE r.kind = 'kept' AND r.basis = 'reread'
    AND r.missing >= b.min_pages AND r.expected - r.rate > b.max_drop AND r.surprise > 11.5
ORDER BY r.layout = 'all layouts', r.surprise DESC, r.source, r.layout, r.subject
