-- Paragraphs that many bodies suddenly share: a menu, a box, a notice or a footer is read as text.
WITH chosen AS (
    SELECT source, article_id, example, basis = 'history' AS is_history, text_row FROM mart.judged_pages
    WHERE basis IN ('fresh', 'history') AND reason IS NULL
    QUALIFY row_number() OVER (PARTITION BY source, basis = 'history' ORDER BY hash(article_id)) <= 500
),
bodies AS (SELECT c.source, c.article_id, c.example, c.is_history, t.body FROM chosen AS c JOIN facts.texts AS t ON t.rowid = c.text_row),
counted AS (SELECT source, count(DISTINCT body) FILTER (NOT is_history) AS fresh, count(DISTINCT body) FILTER (is_history) AS history FROM bodies GROUP BY source),
paragraphs AS (SELECT DISTINCT source, article_id, example, is_history, body, unnest(string_split(body, chr(10) || chr(10))) AS paragraph FROM bodies),
shared AS (
    SELECT source, paragraph,
        count(DISTINCT body) FILTER (NOT is_history) AS sharing,
        count(DISTINCT body) FILTER (is_history) AS before,
        list_transform(min({'id': article_id, 'example': example}, 2) FILTER (NOT is_history), lambda x: x.example) AS examples
    FROM paragraphs
    GROUP BY source, paragraph
    HAVING sharing >= 3
)
SELECT s.source, format('{} of {} bodies have the paragraph "{}"; see {}', s.sharing, c.fresh, left(s.paragraph, 100),
        array_to_string(list_transform(s.examples, lambda x: format('{} ({} at {})', x.url, x.warc_file, x.warc_offset)), ' and ')) AS finding,
    s.sharing, c.fresh AS pages, s.examples[1].url AS url, s.examples[1].warc_file AS warc_file, s.examples[1].warc_offset AS warc_offset,
    s.examples[2].url AS second_url, s.examples[2].warc_file AS second_warc_file, s.examples[2].warc_offset AS second_warc_offset
FROM shared AS s
JOIN counted AS c USING (source)
JOIN ops.check_bounds AS b ON b.check_name = 'shared_paragraphs' AND b.source = s.source
WHERE s.sharing >= b.min_pages AND s.sharing / c.fresh - s.before / greatest(c.history, 1) > b.max_drop
ORDER BY s.sharing DESC, s.source, s.paragraph
