-- Fields that listing entries no longer give, or that have changed on many entries at once: the listing lost a label, or swapped two.
-- An entry published before is compared with itself, a new one with the 500 newest published entries.
WITH states AS (
    SELECT e.source, e.url, e.rowid AS state, e.tick, p.run_id IS NOT NULL AS is_published
    FROM facts.entries AS e
    LEFT JOIN ops.published_runs AS p USING (run_id)
),
urls AS (
    SELECT source, url, arg_max(state, tick) AS now_row, arg_max(state, tick) FILTER (is_published) AS shown_row FROM states GROUP BY ALL
),
seen AS (
    SELECT DISTINCT s.source, s.url FROM facts.sightings AS s
    JOIN facts.walks AS w USING (walk_id)
    WHERE w.run_id NOT IN (SELECT run_id FROM ops.published_runs)
),
newest AS (
    SELECT u.source, u.url, u.shown_row
    FROM urls AS u JOIN (SELECT rowid AS entry_row, published_on FROM facts.entries) AS e ON e.entry_row = u.shown_row
    WHERE u.source IN (SELECT source FROM seen)
    QUALIFY row_number() OVER (PARTITION BY u.source ORDER BY e.published_on DESC NULLS LAST, u.url) <= 500
),
judged AS (
    SELECT CASE WHEN u.shown_row IS NULL THEN 'new' ELSE 'again' END AS basis, u.source, u.url, e AS entry, b AS shown
    FROM seen
    JOIN urls AS u USING (source, url)
    JOIN facts.entries AS e ON e.rowid = u.now_row
    LEFT JOIN facts.entries AS b ON b.rowid = u.shown_row
    UNION ALL
    SELECT 'history', n.source, n.url, e, NULL FROM newest AS n JOIN facts.entries AS e ON e.rowid = n.shown_row
),
signs AS (
    SELECT j.basis, j.source, j.url, s.subject, s.holds
    FROM judged AS j, unnest([
        {'subject': 'has a title', 'holds': CASE WHEN j.basis <> 'again' OR j.shown.title IS NOT NULL THEN j.entry.title IS NOT NULL END},
        {'subject': 'has published_on', 'holds': CASE WHEN j.basis <> 'again' OR j.shown.published_on IS NOT NULL THEN j.entry.published_on IS NOT NULL END},
        {'subject': 'has content_type', 'holds': CASE WHEN j.basis <> 'again' OR j.shown.content_type IS NOT NULL THEN j.entry.content_type IS NOT NULL END},
        {'subject': 'has issuers', 'holds': CASE WHEN j.basis <> 'again' OR len(j.shown.issuers) > 0 THEN len(j.entry.issuers) > 0 END},
        {'subject': 'has topics', 'holds': CASE WHEN j.basis <> 'again' OR len(j.shown.topics) > 0 THEN len(j.entry.topics) > 0 END},
        {'subject': 'has several issuers', 'holds': CASE WHEN j.basis <> 'again' OR len(j.shown.issuers) > 1 THEN len(j.entry.issuers) > 1 END},
        {'subject': 'has several topics', 'holds': CASE WHEN j.basis <> 'again' OR len(j.shown.topics) > 1 THEN len(j.entry.topics) > 1 END},
        {'subject': 'has a snippet', 'holds': CASE WHEN j.basis <> 'again' OR j.shown.snippet IS NOT NULL THEN j.entry.snippet IS NOT NULL END},
        {'subject': 'title unchanged', 'holds': CASE WHEN j.basis = 'again' THEN j.entry.title IS NOT DISTINCT FROM j.shown.title END},
        {'subject': 'published_on unchanged', 'holds': CASE WHEN j.basis = 'again' THEN j.entry.published_on IS NOT DISTINCT FROM j.shown.published_on END},
        {'subject': 'content_type unchanged', 'holds': CASE WHEN j.basis = 'again' THEN j.entry.content_type IS NOT DISTINCT FROM j.shown.content_type END},
        {'subject': 'issuers unchanged', 'holds': CASE WHEN j.basis = 'again' THEN j.entry.issuers = j.shown.issuers END},
        {'subject': 'topics unchanged', 'holds': CASE WHEN j.basis = 'again' THEN j.entry.topics = j.shown.topics END},
        {'subject': 'snippet unchanged', 'holds': CASE WHEN j.basis = 'again' THEN j.entry.snippet IS NOT DISTINCT FROM j.shown.snippet END}
    ]) AS u(s)
    WHERE s.holds IS NOT NULL
),
counted AS (
    SELECT source, basis, subject, count(*) AS entries, count(*) FILTER (holds) AS holding, min(url, 2) FILTER (NOT holds) AS urls FROM signs GROUP BY ALL
),
rated AS (
    SELECT c.*, c.holding / c.entries AS rate, CASE WHEN c.basis = 'again' THEN 0.95 WHEN h.entries >= 10 THEN (h.holding + 0.5) / (h.entries + 1) END AS expected
    FROM counted AS c
    LEFT JOIN counted AS h ON h.source = c.source AND h.subject = c.subject AND h.basis = 'history'
    WHERE c.basis <> 'history'
)
SELECT r.source, r.subject, format('{}: {} of {} entries ({}), usually {:.0f} of 100; see {}', r.subject, r.holding, r.entries,
        CASE r.basis WHEN 'again' THEN 'listed before' ELSE 'new' END, 100 * r.expected, array_to_string(r.urls, ' and ')) AS finding,
    r.entries, r.holding, r.expected, r.urls[1] AS url, r.urls[2] AS second_url
FROM rated AS r
JOIN ops.check_bounds AS b ON b.check_name = 'drift_listing' AND b.source = r.source
WHERE r.entries - r.holding >= b.min_pages AND r.expected - r.rate > b.max_drop
    AND r.entries * (CASE WHEN r.rate = 0 THEN 0 ELSE r.rate * ln(r.rate / r.expected) END
        + CASE WHEN r.rate = 1 THEN 0 ELSE (1 - r.rate) * ln((1 - r.rate) / (1 - r.expected)) END) > 11.5
ORDER BY r.basis, r.subject, r.source
