-- One row is how often a sign holds among the pages of a layout not yet published, against how often it should.
-- expected  fresh: the share among the published pages of that layout (NULL below ten of them: nothing to compare with);
--           again, reread: 0.95, for a newsroom does not correct more than one in twenty of the pages we ask for again.
-- surprise  n KL(rate || expected), so that exp(-surprise) bounds the chance of so few by accident (Chernoff, Hoeffding 1963).
--           It is what makes small nights safe: the checks ask for 11.5, one in a hundred thousand:
--           two odd pages of two say little, four of four much.
-- layout    "all layouts": the layouts taken together, each measured by its own expectation; only where none alone is odd enough.
CREATE OR REPLACE TABLE mart.sign_rates AS
WITH counted AS (
    SELECT source, layout, basis, kind, subject, count(*) AS pages, count(*) FILTER (holds) AS holding,
        list_transform(min({'id': article_id, 'example': example}, 2) FILTER (NOT holds), lambda x: x.example) AS examples
    FROM mart.signs
    GROUP BY ALL
),
by_layout AS (
    SELECT c.source, c.layout, c.basis, c.kind, c.subject, c.pages, c.holding, c.examples, coalesce(h.pages, 0) AS history_pages,
        CASE
            WHEN c.basis <> 'fresh' THEN CASE WHEN c.kind = 'page' THEN 0.99 ELSE 0.95 END
            WHEN h.pages >= 10 THEN (h.holding + 0.5) / (h.pages + 1)
        END AS expected
    FROM counted AS c
    LEFT JOIN counted AS h ON h.basis = 'history' AND c.basis = 'fresh' AND h.source = c.source AND h.layout = c.layout
        AND h.kind = c.kind AND h.subject = c.subject
    WHERE c.basis <> 'history'
),
everywhere AS (
    SELECT * FROM by_layout
    UNION ALL BY NAME
    SELECT source, 'all layouts' AS layout, basis, kind, subject, CAST(sum(pages) AS BIGINT) AS pages, CAST(sum(holding) AS BIGINT) AS holding,
        flatten(list(examples ORDER BY layout) FILTER (examples IS NOT NULL))[:2] AS examples, CAST(sum(history_pages) AS BIGINT) AS history_pages,
        sum(pages * expected ORDER BY layout) / sum(pages) AS expected
    FROM by_layout
    WHERE expected IS NOT NULL
    GROUP BY source, basis, kind, subject
    HAVING count(*) > 1
),
rated AS (SELECT *, holding / pages AS rate FROM everywhere)
SELECT source, layout, basis, kind, subject, pages, holding, pages - holding AS missing, rate, expected, history_pages,
    CASE WHEN rate < expected THEN pages * (
        CASE WHEN rate = 0 THEN 0 ELSE rate * ln(rate / expected) END
        + CASE WHEN rate = 1 THEN 0 ELSE (1 - rate) * ln((1 - rate) / (1 - expected)) END)
    ELSE 0 END AS surprise,
    examples,
    format('{} of {} pages ({}){}', holding, pages, layout,
        CASE
            WHEN expected IS NULL THEN '; no history to compare with'
            WHEN basis = 'fresh' THEN format('; usually {:.0f} of 100 (of {} published pages)', 100 * expected, history_pages)
            WHEN basis = 'again' THEN '; these were published before and asked for again'
            ELSE '; these were published before and read again'
        END
    ) || coalesce('; see ' || array_to_string(list_transform(examples,
        lambda x: format('{} ({} at {})', x.url, x.warc_file, x.warc_offset)), ' and '), '') AS told
FROM rated;
