-- Values that many articles suddenly share: one title, lead or text for all, or one place for the news of several offices.
WITH fresh AS (
    SELECT p.source, p.article_id, p.example, p.listed_issuers, p.listed_title, v.field, v.value
    FROM mart.judged_pages AS p,
        unnest([
            {'field': 'title', 'value': p.title}, {'field': 'lead', 'value': nullif(p.lead_sha256, sha256(''))},
            {'field': 'body', 'value': p.body_sha256}, {'field': 'place', 'value': p.place}
        ]) AS u(v)
    WHERE p.basis = 'fresh' AND p.reason IS NULL AND v.value IS NOT NULL
),
pages AS (SELECT source, field, count(*) AS pages FROM fresh GROUP BY ALL),
shared AS (
    SELECT source, field, value, count(*) AS sharing, count(DISTINCT listed_title) AS listed_titles, count(DISTINCT listed_issuers) AS offices,
        list_transform(min({'id': article_id, 'example': example}, 2), lambda x: x.example) AS examples
    FROM fresh
    GROUP BY ALL
)
SELECT s.source, s.field, format('{} articles of {} have the same {}{}; see {}', s.sharing, p.pages, s.field,
        CASE WHEN s.field IN ('title', 'place') THEN ': ' || left(s.value, 100) ELSE '' END,
        array_to_string(list_transform(s.examples, lambda x: format('{} ({} at {})', x.url, x.warc_file, x.warc_offset)), ' and ')) AS finding,
    s.sharing, p.pages, s.examples[1].url AS url, s.examples[1].warc_file AS warc_file, s.examples[1].warc_offset AS warc_offset,
    s.examples[2].url AS second_url, s.examples[2].warc_file AS second_warc_file, s.examples[2].warc_offset AS second_warc_offset
FROM shared AS s
JOIN pages AS p USING (source, field)
JOIN ops.check_bounds AS b ON b.check_name = 'shared_values' AND b.source = s.source
WHERE s.sharing >= b.min_pages AND s.sharing > b.max_drop * p.pages
    AND CASE s.field WHEN 'place' THEN s.sharing >= 8 AND s.sharing >= 0.9 * p.pages AND s.offices > 2 ELSE s.listed_titles > 2 END
ORDER BY s.sharing DESC, s.source, s.field
