-- Letters and digits only, in small letters: two witnesses say the same if this is equal.
CREATE OR REPLACE TEMP MACRO folded(words) AS lower(regexp_replace(words, '[^\pL\pN]+', '', 'g'));
-- The same, capitals and small letters kept.
CREATE OR REPLACE TEMP MACRO spelled(words) AS regexp_replace(words, '[^\pL\pN]+', '', 'g');

-- One row is a sign of a judged page: a statement that usually holds of such pages, and whether it does here.
-- kind  page, field (it has the field), candidate (found where it used to be), kept (as it was when last published),
--       witness (page and listing, or page and dateline, say the same), text (it looks like the texts we know)
-- A page that cannot bear a sign out either way has no such row.
CREATE OR REPLACE TABLE mart.signs AS
WITH published AS (
    SELECT source, place, content_type, issuers, topics FROM facts.readings
    WHERE reason IS NULL AND run_id IN (SELECT run_id FROM ops.published_runs) AND source IN (SELECT source FROM mart.judged_pages WHERE basis = 'fresh')
),
known AS (
    SELECT source, 'place' AS field, place AS value, count(*) AS times FROM published WHERE place IS NOT NULL GROUP BY ALL
    UNION ALL
    SELECT source, 'content_type', content_type, count(*) FROM published WHERE content_type IS NOT NULL GROUP BY ALL
    UNION ALL
    SELECT source, 'issuers', value, CAST(sum(times) AS BIGINT)
    FROM (SELECT source, unnest(issuers) AS value, times FROM (SELECT source, issuers, count(*) AS times FROM published GROUP BY ALL)) GROUP BY ALL
    UNION ALL
    SELECT source, 'topics', value, CAST(sum(times) AS BIGINT)
    FROM (SELECT source, unnest(topics) AS value, times FROM (SELECT source, topics, count(*) AS times FROM published GROUP BY ALL)) GROUP BY ALL
),
said AS (
    SELECT p.source, p.article_id, p.basis, v.field, v.value
    FROM mart.judged_pages AS p,
        unnest(
            [{'field': 'place', 'value': p.place}, {'field': 'content_type', 'value': p.content_type}]
            || list_transform(p.issuers, lambda x: {'field': 'issuers', 'value': x})
            || list_transform(p.topics, lambda x: {'field': 'topics', 'value': x})
        ) AS u(v)
    WHERE p.reason IS NULL AND v.value IS NOT NULL AND p.basis IN ('fresh', 'history')
),
vocabulary AS (
    -- is the value known as one of this field; is it known as one of another
    SELECT s.source, s.article_id, s.basis, s.field,
        bool_and(coalesce(k.times, 0) > CAST(s.basis = 'history' AS INTEGER)) AS is_known,
        bool_and(NOT coalesce(o.is_other, false) OR coalesce(k.times, 0) > CAST(s.basis = 'history' AS INTEGER)) AS is_own
    FROM said AS s
    LEFT JOIN known AS k USING (source, field, value)
    LEFT JOIN (SELECT source, value, list(field) AS fields FROM known GROUP BY ALL) AS f USING (source, value)
    LEFT JOIN LATERAL (SELECT len(list_filter(f.fields, lambda x: x <> s.field)) > 0 AS is_other) AS o ON true
    GROUP BY ALL
),
usual AS (
    SELECT source, layout, quantile_cont(word_count, [0.05, 0.25, 0.75, 0.95]) AS words, quantile_cont(len(title), [0.05, 0.95]) AS title_chars
    FROM mart.judged_pages WHERE basis = 'history' AND reason IS NULL
    GROUP BY ALL
),
looks AS (
    SELECT p.article_id, p.basis, left(t.body, 400) AS opening, right(t.body, 3) AS ending, t.body, string_split(t.body, chr(10) || chr(10)) AS paragraphs,
        folded(left(t.body, 400)) AS folded_opening, folded(t.lead) AS folded_lead, folded(left(p.listed_snippet, 120)) AS snippet,
        left(spelled(left(t.body, 400)), 40) AS spelled_opening, left(spelled(left(p.listed_snippet, 120)), 40) AS spelled_snippet,
        s.language AS usual_language, '(^|\n)\s*(' || list_aggregate(list_transform(s.labels, lambda x: regexp_escape(x)), 'string_agg', '|') || ')\s*:' AS labels
    FROM mart.judged_pages AS p
    JOIN facts.texts AS t ON t.rowid = p.text_row
    LEFT JOIN ops.source_settings AS s ON s.source = p.source
    WHERE p.basis IN ('fresh', 'history') AND p.reason IS NULL
),
counted AS (
    SELECT p.source, p.layout, quantile_cont(len(l.paragraphs), [0.05, 0.95]) AS paragraphs
    FROM mart.judged_pages AS p JOIN looks AS l USING (article_id, basis) WHERE p.basis = 'history'
    GROUP BY ALL
),
pairs AS (
    -- the candidates that find a field on a fair share of the pages of a layout
    SELECT h.source, h.layout, e.key AS field, e.value AS candidate, any_value(h.parser_version || h.definition_sha256) AS reader
    FROM mart.judged_pages AS h
    JOIN (SELECT source, layout, count(*) AS pages FROM mart.judged_pages WHERE basis = 'history' GROUP BY ALL) AS a USING (source, layout),
        unnest(map_entries(h.found_by)) AS u(e)
    WHERE h.basis = 'history' AND h.reason IS NULL
    GROUP BY h.source, h.layout, e.key, e.value
    HAVING count(*) >= 0.3 * any_value(a.pages)
),
signs AS (
    SELECT source, layout, basis, article_id, example, 'page' AS kind, MAP {'readable': p.reason IS NULL} AS said FROM mart.judged_pages AS p
    UNION ALL BY NAME
    SELECT source, layout, basis, article_id, example, 'field' AS kind, MAP {
        'url': p.url IS NOT NULL,
        'lead': p.lead_sha256 <> sha256(''),
        'content_type': p.content_type IS NOT NULL,
        'published_on': p.published_on IS NOT NULL,
        'place': p.place IS NOT NULL,
        'issuers': len(p.issuers) > 0,
        'topics': len(p.topics) > 0,
        'dateline': p.dateline_place IS NOT NULL,
        'no lead': p.lead_sha256 = sha256(''),
        'no place': p.place IS NULL,
        'no links in the body': len(p.links) = 0
    } AS said
    FROM mart.judged_pages AS p
    WHERE p.reason IS NULL AND p.basis IN ('fresh', 'history')
    UNION ALL BY NAME
    SELECT source, layout, basis, article_id, example, 'witness' AS kind, MAP {
        'url and listing': p.url = p.listed_url,
        'title and listing': folded(p.title) = folded(p.listed_title),
        'title and listing, capitals included': CASE WHEN folded(p.title) = folded(p.listed_title) THEN spelled(p.title) = spelled(p.listed_title) END,
        'published_on and listing': p.published_on = p.listed_on,
        'published_on near the listing': abs(p.published_on - p.listed_on) <= 3,
        'published_on near the dateline': abs(p.published_on - p.dateline_on) <= 7,
        'content_type and listing': p.content_type = p.listed_type,
        'issuers and listing': CASE WHEN len(p.issuers) > 0 AND len(p.listed_issuers) > 0 THEN list_sort(p.issuers) = list_sort(p.listed_issuers) END,
        'topics and listing': CASE WHEN len(p.topics) > 0 AND len(p.listed_topics) > 0 THEN list_sort(p.topics) = list_sort(p.listed_topics) END,
        'place and dateline': folded(p.place) = folded(p.dateline_place)
    } AS said
    FROM mart.judged_pages AS p
    WHERE p.reason IS NULL AND p.basis IN ('fresh', 'history')
    UNION ALL BY NAME
    SELECT p.source, p.layout, p.basis, p.article_id, p.example, 'witness' AS kind, MAP {
        'body and snippet': CASE WHEN len(l.snippet) >= 20 THEN starts_with(l.folded_opening, left(l.snippet, 40)) END,
        'body and snippet, capitals included': CASE WHEN len(l.snippet) >= 20 AND lower(l.spelled_opening) = lower(l.spelled_snippet)
            THEN l.spelled_opening = l.spelled_snippet END,
        'lead and snippet': CASE WHEN len(l.snippet) >= 20 THEN starts_with(l.folded_lead, left(l.snippet, 40)) END,
        'lead and body': starts_with(l.folded_opening, left(l.folded_lead, 40)),
        'language': p.language = coalesce(nullif(regexp_extract(p.article_id, ':([a-z]{2})/', 1), ''), l.usual_language)
    } AS said
    FROM mart.judged_pages AS p
    JOIN looks AS l USING (article_id, basis)
    UNION ALL BY NAME
    SELECT p.source, p.layout, p.basis, p.article_id, p.example, 'text' AS kind, MAP {
        'body is not very short': p.word_count >= 0.5 * q.words[1],
        'body is not very long': p.word_count <= 2 * q.words[4],
        'body is longer than the shortest quarter': p.word_count >= q.words[2],
        'body is shorter than the longest quarter': p.word_count <= q.words[3],
        'title is not in capitals': p.title <> upper(p.title),
        'body is not in capitals': l.opening <> upper(l.opening),
        'title has the usual length': len(p.title) BETWEEN 0.6 * q.title_chars[1] AND 1.4 * q.title_chars[2],
        'body has enough paragraphs': len(l.paragraphs) >= c.paragraphs[1],
        'body has not too many paragraphs': len(l.paragraphs) <= 1.5 * c.paragraphs[2],
        'body ends with a sentence': regexp_matches(l.ending, '[.!?…"”’)]\s*$'),
        'body begins with a capital': regexp_matches(left(l.opening, 1), '[\p{Lu}\p{N}"“„‘(]'),
        'no label within the body': NOT regexp_matches(l.body, l.labels),
        'no paragraph twice': len(list_distinct(l.paragraphs)) = len(l.paragraphs),
        'title is not in the body': NOT list_contains(l.paragraphs, p.title),
        'no broken characters': NOT regexp_matches(l.body || p.title, '\x{FFFD}|â€|Ã[^\s\pL]|&[a-z]+;'),
        'no markup': NOT regexp_matches(l.body || p.title, '</?[a-z]+[^<>]*>|\{\{|function *\(')
    } AS said
    FROM mart.judged_pages AS p
    JOIN looks AS l USING (article_id, basis)
    LEFT JOIN usual AS q ON q.source = p.source AND q.layout = p.layout
    LEFT JOIN counted AS c ON c.source = p.source AND c.layout = p.layout
    UNION ALL BY NAME
    SELECT p.source, p.layout, p.basis, p.article_id, p.example, 'witness' AS kind, MAP {
        v.field || ' is a known value': v.is_known,
        v.field || ' is none of another field': v.is_own
    } AS said
    FROM mart.judged_pages AS p
    JOIN vocabulary AS v USING (source, article_id, basis)
    UNION ALL BY NAME
    SELECT p.source, p.layout, p.basis, p.article_id, p.example, 'candidate' AS kind,
        MAP {c.field || ' by ' || c.candidate: coalesce(p.found_by[c.field] = c.candidate, false)} AS said
    FROM mart.judged_pages AS p
    JOIN pairs AS c ON c.source = p.source AND c.layout = p.layout
    WHERE p.basis IN ('fresh', 'history') AND p.reason IS NULL AND p.parser_version || p.definition_sha256 = c.reader
    UNION ALL BY NAME
    SELECT source, layout, basis, article_id, example, 'field' AS kind, MAP {
        'url': CASE WHEN p.shown.url IS NOT NULL THEN p.url IS NOT NULL END,
        'lead': CASE WHEN p.shown.lead_sha256 <> sha256('') THEN p.lead_sha256 <> sha256('') END,
        'content_type': CASE WHEN p.shown.content_type IS NOT NULL THEN p.content_type IS NOT NULL END,
        'published_on': CASE WHEN p.shown.published_on IS NOT NULL THEN p.published_on IS NOT NULL END,
        'place': CASE WHEN p.shown.place IS NOT NULL THEN p.place IS NOT NULL END,
        'issuers': CASE WHEN len(p.shown.issuers) > 0 THEN len(p.issuers) > 0 END,
        'topics': CASE WHEN len(p.shown.topics) > 0 THEN len(p.topics) > 0 END,
        'dateline': CASE WHEN p.shown.dateline_place IS NOT NULL THEN p.dateline_place IS NOT NULL END
    } AS said
    FROM mart.judged_pages AS p
    WHERE p.reason IS NULL AND p.basis IN ('again', 'reread') AND p.shown IS NOT NULL
    UNION ALL BY NAME
    SELECT source, layout, basis, article_id, example, 'kept' AS kind, MAP {
        'title': p.title_sha256 = p.shown.title_sha256,
        'lead': p.lead_sha256 = p.shown.lead_sha256,
        'body': p.body_sha256 = p.shown.body_sha256,
        'url': p.url IS NOT DISTINCT FROM p.shown.url,
        'content_type': p.content_type IS NOT DISTINCT FROM p.shown.content_type,
        'published_on': p.published_on IS NOT DISTINCT FROM p.shown.published_on,
        'place': p.place IS NOT DISTINCT FROM p.shown.place,
        'issuers': p.issuers = p.shown.issuers,
        'topics': p.topics = p.shown.topics,
        'language': p.language = p.shown.language,
        'dateline': p.dateline_place IS NOT DISTINCT FROM p.shown.dateline_place,
        'links': p.links = p.shown.links
    } AS said
    FROM mart.judged_pages AS p
    WHERE p.reason IS NULL AND p.basis IN ('again', 'reread') AND p.shown IS NOT NULL
    UNION ALL BY NAME
    SELECT source, layout, basis, article_id, example, 'candidate' AS kind, MAP {e.key: coalesce(p.found_by[e.key] = e.value, false)} AS said
    FROM mart.judged_pages AS p, unnest(map_entries(p.shown.found_by)) AS u(e)
    WHERE p.reason IS NULL AND p.basis = 'again' AND p.shown IS NOT NULL AND p.parser_version || p.definition_sha256 = p.shown.reader
),
listed_signs AS (SELECT * EXCLUDE (said), unnest(map_keys(said)) AS subject, unnest(map_values(said)) AS holds FROM signs)
SELECT * FROM listed_signs WHERE holds IS NOT NULL;
