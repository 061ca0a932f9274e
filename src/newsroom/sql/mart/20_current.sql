-- One row is an article as it stands now, exact copies included; copy_rank 1 is the representative of its content.
-- The representative is chosen by identity alone (original language first, then the lowest native id), never by the order of fetching.
CREATE OR REPLACE TABLE mart.current AS
WITH seen AS (SELECT article_id, max(seen_at) AS seen_at FROM facts.sightings GROUP BY article_id),
gone AS (
    -- gone twice since it was last had, with a complete walk between the two
    SELECT f.source, f.article_id, min(f.tick) AS first_tick, max(f.tick) AS last_tick
    FROM facts.answers AS f
    JOIN facts.frontier AS a USING (article_id)
    WHERE f.outcome = 'gone' AND a.last_outcome = 'gone' AND f.tick > a.had_tick
    GROUP BY f.source, f.article_id
),
removed AS (
    SELECT DISTINCT g.article_id
    FROM gone AS g
    JOIN facts.walks AS w ON w.source = g.source AND w.is_complete AND w.kind IN ('nightly', 'sweep')
        AND w.tick > g.first_tick AND w.tick < g.last_tick
),
had AS (SELECT article_id, max(fetched_at) AS had_at FROM facts.answers WHERE outcome IN ('ok', 'not_modified') GROUP BY article_id),
page AS (
    SELECT v.*, r.url AS page_url, r.content_type AS page_type, r.place AS page_place, r.dateline_place, r.issuers AS page_issuers,
        r.topics AS page_topics, r.language, r.parser_version,
        coalesce(r.links, []) AS links, coalesce(r.attachments, []) AS attachments
    FROM mart.versions AS v
    JOIN facts.readings AS r ON r.article_id = v.article_id AND r.tick = v.reading_tick AND r.payload_sha256 = v.payload_sha256
    WHERE v.valid_to IS NULL
)
SELECT
    p.source, p.article_id, coalesce(p.page_url, l.url) AS url, p.text_sha256, p.content_sha256,
    coalesce(p.page_type, l.content_type) AS content_type,
    p.published_on,
    CASE
        WHEN p.page_on IS NOT NULL THEN 'page' WHEN l.published_on IS NOT NULL THEN 'listing' WHEN p.dateline_on IS NOT NULL THEN 'dateline'
    END AS published_on_from,
    len(list_distinct([p.page_on, l.published_on, p.dateline_on])) > 1 AS published_on_conflict,
    coalesce(p.page_place, p.dateline_place) AS place,
    CASE WHEN len(p.page_issuers) > 0 THEN p.page_issuers ELSE coalesce(l.issuers, []) END AS issuers,
    CASE WHEN len(p.page_topics) > 0 THEN p.page_topics ELSE coalesce(l.topics, []) END AS topics,
    p.language, p.links, p.attachments, p.version,
    least(coalesce(l.first_seen_at, first_version.valid_from), first_version.valid_from) AS first_seen_at,
    greatest(s.seen_at, h.had_at) AS last_seen_at,
    p.valid_from AS last_changed_at,
    r.article_id IS NOT NULL AS is_removed,
    p.parser_version, p.warc_file, p.warc_offset,
    row_number() OVER (PARTITION BY p.content_sha256 ORDER BY contains(p.article_id, '/'), p.source, len(p.article_id), p.article_id) AS copy_rank,
    first_value(p.article_id) OVER (
        PARTITION BY p.content_sha256 ORDER BY contains(p.article_id, '/'), p.source, len(p.article_id), p.article_id) AS representative_id
FROM page AS p
JOIN mart.versions AS first_version ON first_version.article_id = p.article_id AND first_version.version = 1
LEFT JOIN facts.listed AS l ON l.article_id = p.article_id
LEFT JOIN seen AS s ON s.article_id = p.article_id
LEFT JOIN had AS h ON h.article_id = p.article_id
LEFT JOIN removed AS r ON r.article_id = p.article_id;
