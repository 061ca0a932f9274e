-- One row is a page that the drift checks look at: what is read from it now, what was read of the same article when we last
-- published, and what the listing says. Only runs that were published are history: a blocked night never becomes the measure.
-- basis  fresh: a page that has not been published yet; history: the published pages of the same layout, to compare the fresh with;
--        again: a published article that was asked for anew (changed or not), to compare with itself; reread: a published page that
--        another parser or definition has read, to compare with itself.
-- layout Like is compared with like: the listing's content type, a language of its own, and the time of publication (the last
--        year as a whole, older pages by quarter: a backfill of 1999 is not measured by the pages of today).
-- Of any layout at most 500 pages are looked at, chosen by hash; of the history the 400 newest.
-- Rows are carried by their rowid until they are chosen: of 100,000 articles a night looks at some hundreds. And the history is only looked
-- for where there is something fresh.
CREATE OR REPLACE TABLE mart.judged_pages AS
WITH concerned AS MATERIALIZED ( -- all others are as they were when we last published, and were readable then
    SELECT article_id FROM facts.fetches WHERE run_id NOT IN (SELECT run_id FROM ops.published_runs)
    UNION
    SELECT article_id FROM facts.readings WHERE reason IS NOT NULL OR run_id NOT IN (SELECT run_id FROM ops.published_runs)
),
asked AS (
    SELECT f.source, f.article_id,
        arg_max(f.payload_sha256, f.tick) FILTER (f.payload_sha256 IS NOT NULL) AS payload_sha256,
        arg_max(f.payload_sha256, f.tick) FILTER (f.payload_sha256 IS NOT NULL AND p.run_id IS NOT NULL) AS shown_payload,
        max(f.tick) FILTER (f.payload_sha256 IS NOT NULL) AS page_tick,
        bool_or(p.run_id IS NULL) AS is_asked_anew
    FROM facts.answers AS f
    SEMI JOIN concerned USING (article_id)
    LEFT JOIN ops.published_runs AS p USING (run_id)
    WHERE f.outcome IN ('ok', 'not_modified', 'rejected')
    GROUP BY f.source, f.article_id
),
read AS (
    SELECT r.article_id, r.payload_sha256,
        arg_max(r.rowid, r.tick) AS newest,
        arg_max(r.rowid, r.tick) FILTER (p.run_id IS NOT NULL) AS shown,
        arg_max(r.reason IS NULL, r.tick) FILTER (p.run_id IS NOT NULL) AS is_shown_readable
    FROM facts.readings AS r
    SEMI JOIN concerned USING (article_id)
    LEFT JOIN ops.published_runs AS p USING (run_id)
    WHERE r.reason IS DISTINCT FROM 'archive-damaged'
    GROUP BY r.article_id, r.payload_sha256
),
paired AS (
    SELECT a.source, a.article_id, a.page_tick, now_read.newest AS now_row,
        CASE WHEN shown_read.is_shown_readable THEN shown_read.shown END AS shown_row,
        CASE
            WHEN shown_read.shown IS NULL OR NOT shown_read.is_shown_readable THEN 'fresh'
            WHEN a.is_asked_anew THEN 'again'
            WHEN now_read.newest <> shown_read.shown THEN 'reread'
        END AS basis
    FROM asked AS a
    JOIN read AS now_read USING (article_id, payload_sha256)
    LEFT JOIN read AS shown_read ON shown_read.article_id = a.article_id AND shown_read.payload_sha256 = a.shown_payload
),
anew AS MATERIALIZED (
    SELECT source, article_id, page_tick, basis, now_row, shown_row FROM paired WHERE basis IS NOT NULL
    UNION ALL
    SELECT source, article_id, page_tick, 'fresh', now_row, NULL FROM paired WHERE basis = 'again' AND now_row <> shown_row
),
with_fresh AS MATERIALIZED (SELECT DISTINCT source FROM anew WHERE basis = 'fresh'),
published_pages AS (
    SELECT source, article_id, arg_max(payload_sha256, tick) AS payload_sha256, max(tick) AS page_tick
    FROM facts.answers
    SEMI JOIN with_fresh USING (source)
    WHERE outcome IN ('ok', 'not_modified', 'rejected') AND payload_sha256 IS NOT NULL AND run_id IN (SELECT run_id FROM ops.published_runs)
    GROUP BY source, article_id
),
published_readings AS (
    SELECT article_id, payload_sha256, arg_max(rowid, tick) AS newest
    FROM facts.readings
    SEMI JOIN with_fresh USING (source)
    WHERE reason IS DISTINCT FROM 'archive-damaged' AND run_id IN (SELECT run_id FROM ops.published_runs)
    GROUP BY article_id, payload_sha256
),
looked_at AS (
    FROM anew
    UNION ALL
    -- a published page is history, whatever has become of it since
    SELECT source, article_id, page_tick, 'history', newest, NULL FROM published_pages JOIN published_readings USING (article_id, payload_sha256)
),
entries AS (SELECT rowid AS entry, * FROM facts.entries SEMI JOIN looked_at USING (article_id)),
listed AS ( -- as facts.listed has it, by rowid
    SELECT article_id, any_value(entry) AS listed_row, any_value(url) AS url FROM entries GROUP BY article_id HAVING count(*) = 1
    UNION ALL
    SELECT article_id, arg_max(entry, (tick, url)), coalesce(min(url) FILTER (NOT contains(url, '/node/')), min(url))
    FROM entries SEMI JOIN (SELECT article_id FROM entries GROUP BY article_id HAVING count(*) > 1) USING (article_id)
    GROUP BY article_id
),
newest AS (
    SELECT source, coalesce(max(on_day) FILTER (is_listed), max(on_day)) AS newest_on
    FROM (
        SELECT source, published_on AS on_day, true AS is_listed, run_id FROM facts.entries
        UNION ALL
        SELECT source, published_on, false, run_id FROM facts.readings
    )
    WHERE run_id IN (SELECT run_id FROM ops.published_runs)
    GROUP BY source
),
dated AS (
    SELECT k.*, l.listed_row, l.url AS listed_url, e.content_type AS listed_type, coalesce(e.published_on, r.published_on) AS on_day, n.newest_on
    FROM looked_at AS k
    JOIN (SELECT rowid AS reading, published_on FROM facts.readings) AS r ON r.reading = k.now_row
    LEFT JOIN listed AS l ON l.article_id = k.article_id
    LEFT JOIN (SELECT rowid AS entry, content_type, published_on FROM facts.entries) AS e ON e.entry = l.listed_row
    LEFT JOIN newest AS n ON n.source = k.source
),
laid_out AS (
    SELECT *,
        concat_ws(', ',
            coalesce(listed_type, 'no content type'),
            nullif(regexp_extract(article_id, ':([a-z]{2})/', 1), ''),
            CASE
                WHEN on_day IS NULL THEN 'undated'
                WHEN newest_on IS NULL OR on_day >= newest_on - 366 THEN 'lately'
                ELSE year(on_day) || ' Q' || quarter(on_day)
            END) AS layout
    FROM dated
),
chosen AS (
    SELECT * FROM laid_out
    WHERE basis <> 'history' OR (source, layout) IN (SELECT (source, layout) FROM laid_out WHERE basis = 'fresh')
    QUALIFY CASE basis
        WHEN 'history' THEN row_number() OVER (PARTITION BY source, layout, basis ORDER BY on_day DESC, article_id) <= 400
        ELSE row_number() OVER (PARTITION BY source, layout, basis ORDER BY hash(article_id)) <= 500
    END
),
texts AS ( -- found by their hashes first and then read by their rowids
    SELECT text_sha256, rowid AS text_row, title_sha256, lead_sha256, body_sha256, title, word_count FROM facts.texts
    WHERE rowid IN (
        SELECT rowid FROM facts.texts WHERE text_sha256 IN (
            SELECT text_sha256 FROM facts.readings WHERE rowid IN (SELECT now_row FROM chosen UNION ALL SELECT shown_row FROM chosen))
    )
)
SELECT c.source, c.article_id, c.basis, c.layout, {'url': f.url, 'warc_file': f.warc_file, 'warc_offset': f.warc_offset} AS example,
    n.reason, n.url, n.content_type, n.published_on, n.place, n.issuers, n.topics, n.language, n.dateline_place, n.dateline_on, n.links, n.found_by,
    n.parser_version, n.definition_sha256,
    t.text_row, t.title_sha256, t.lead_sha256, t.body_sha256, t.title, t.word_count,
    CASE WHEN s.reason IS NULL AND c.basis IN ('again', 'reread') THEN {
        'url': s.url, 'content_type': s.content_type, 'published_on': s.published_on, 'place': s.place, 'issuers': s.issuers,
        'topics': s.topics, 'language': s.language, 'dateline_place': s.dateline_place, 'dateline_on': s.dateline_on, 'links': s.links,
        'found_by': s.found_by, 'reader': s.parser_version || s.definition_sha256,
        'title_sha256': u.title_sha256, 'lead_sha256': u.lead_sha256, 'body_sha256': u.body_sha256
    } END AS shown,
    c.listed_url, e.title AS listed_title, e.published_on AS listed_on, e.content_type AS listed_type, e.issuers AS listed_issuers,
    e.topics AS listed_topics, e.snippet AS listed_snippet
FROM chosen AS c
JOIN facts.fetches AS f ON f.tick = c.page_tick AND f.article_id = c.article_id
JOIN facts.readings AS n ON n.rowid = c.now_row
LEFT JOIN texts AS t ON t.text_sha256 = n.text_sha256
LEFT JOIN facts.readings AS s ON s.rowid = c.shown_row
LEFT JOIN texts AS u ON u.text_sha256 = s.text_sha256
LEFT JOIN facts.entries AS e ON e.rowid = c.listed_row;
