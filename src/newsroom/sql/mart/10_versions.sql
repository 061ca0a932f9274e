-- One row is a version of an article: a stretch of responses with the same title, lead, body, date, links and attachments.
-- The order of links does not count.
-- Order is that of the responses (by tick), so an edit that is taken back later makes a third version.
-- reading_tick: of the reading that it says what it says by; of a page there is one with the same tick (facts.py).
CREATE OR REPLACE TABLE mart.versions AS
WITH seen AS (
    SELECT
        f.source, f.article_id, f.fetched_at, f.tick, f.run_id, f.warc_file, f.warc_offset, f.payload_sha256,
        r.tick AS reading_tick, r.text_sha256, r.content_sha256, r.published_on AS page_on, r.dateline_on, hash(list_sort(list_distinct(coalesce(r.links, [])))) AS links_hash,
        hash(list_sort(list_distinct(coalesce(r.attachments, [])))) AS attachments_hash
    FROM facts.answers AS f
    JOIN facts.latest_readings AS r USING (article_id, payload_sha256)
    WHERE f.outcome IN ('ok', 'rejected') AND r.reason IS NULL -- refused once, believed by a better definition
),
marked AS (
    SELECT *,
        lag(content_sha256) OVER w IS DISTINCT FROM content_sha256
            OR lag(page_on) OVER w IS DISTINCT FROM page_on
            OR lag(links_hash) OVER w IS DISTINCT FROM links_hash
            OR lag(attachments_hash) OVER w IS DISTINCT FROM attachments_hash AS begins
    FROM seen
    WINDOW w AS (PARTITION BY article_id ORDER BY tick, warc_file, warc_offset)
),
numbered AS (
    SELECT *, CAST(sum(CAST(begins AS INTEGER)) OVER (
        PARTITION BY article_id ORDER BY tick, warc_file, warc_offset) AS INTEGER) AS version
    FROM marked
),
stretches AS (
    SELECT
        source, article_id, version,
        min_by(fetched_at, tick) AS valid_from,
        arg_min(run_id, tick) AS run_id,
        arg_max({
            'payload_sha256': payload_sha256, 'reading_tick': reading_tick, 'text_sha256': text_sha256, 'content_sha256': content_sha256, 'page_on': page_on,
            'dateline_on': dateline_on, 'links_hash': links_hash, 'attachments_hash': attachments_hash, 'warc_file': warc_file, 'warc_offset': warc_offset
        }, (tick, warc_file, warc_offset)) AS last_state
    FROM numbered
    GROUP BY source, article_id, version
),
timed AS (
    -- a version received while the clock was behind begins when the one before it began, and a microsecond
    SELECT * REPLACE (max(valid_from - version * INTERVAL 1 MICROSECOND) OVER (PARTITION BY article_id ORDER BY version)
        + version * INTERVAL 1 MICROSECOND AS valid_from)
    FROM stretches
),
with_texts AS (
    SELECT s.source, s.article_id, s.version, s.valid_from, s.run_id, unnest(s.last_state), t.title_sha256, t.lead_sha256, t.body_sha256,
        coalesce(s.last_state.page_on, l.published_on, s.last_state.dateline_on) AS published_on
    FROM timed AS s
    JOIN (SELECT text_sha256, title_sha256, lead_sha256, body_sha256 FROM facts.texts) AS t ON t.text_sha256 = s.last_state.text_sha256
    LEFT JOIN facts.listed AS l USING (source, article_id)
)
SELECT
    * EXCLUDE (title_sha256, lead_sha256, body_sha256, links_hash, attachments_hash),
    lead(valid_from) OVER w AS valid_to,
    CASE WHEN version = 1 THEN CAST([] AS VARCHAR[]) ELSE list_filter([
        CASE WHEN lag(title_sha256) OVER w <> title_sha256 THEN 'title' END,
        CASE WHEN lag(lead_sha256) OVER w <> lead_sha256 THEN 'lead' END,
        CASE WHEN lag(body_sha256) OVER w <> body_sha256 THEN 'body' END,
        CASE WHEN lag(page_on) OVER w IS DISTINCT FROM page_on THEN 'published_on' END,
        CASE WHEN lag(links_hash) OVER w <> links_hash THEN 'links' END,
        CASE WHEN lag(attachments_hash) OVER w <> attachments_hash THEN 'attachments' END
    ], lambda f: f IS NOT NULL) END AS changed
FROM with_texts
WINDOW w AS (PARTITION BY article_id ORDER BY version);
