-- One row is a differing page of an article: when it was first and last received, and where its bytes stand.
-- is_trusted: taken for the article when it came; else it was refused as something else, and is kept as evidence.
CREATE OR REPLACE VIEW facts.payloads AS
SELECT
    source, article_id, payload_sha256,
    min_by(fetched_at, tick) AS first_at,
    max_by(fetched_at, tick) AS last_at,
    max(tick) AS last_tick,
    bool_or(outcome = 'ok') AS is_trusted,
    max_by(run_id, tick) AS run_id,
    max_by(url, tick) AS url,
    max_by(final_url, tick) AS final_url,
    max_by(warc_file, tick) AS warc_file,
    max_by(warc_offset, tick) AS warc_offset
FROM facts.answers
WHERE outcome IN ('ok', 'rejected') AND payload_sha256 IS NOT NULL
GROUP BY source, article_id, payload_sha256;

-- One row is the latest word of a parser on a page. That its bytes have been damaged in the archive since is no word on the page:
-- what was read before stands.
CREATE OR REPLACE VIEW facts.latest_readings AS
SELECT * FROM facts.readings
QUALIFY row_number() OVER (PARTITION BY article_id, payload_sha256 ORDER BY reason IS NOT DISTINCT FROM 'archive-damaged', tick DESC) = 1;

-- One row is an article whose newest page could not be read back from the archive when last tried: it is asked for again.
CREATE OR REPLACE VIEW facts.damaged AS
WITH last_words AS (
    SELECT article_id, payload_sha256, max(tick) AS tick, max_by(coalesce(reason, ''), tick) = 'archive-damaged' AS is_damaged,
        max_by(detail, tick) AS detail
    FROM facts.readings GROUP BY article_id, payload_sha256
)
SELECT p.source, p.article_id, p.url, w.detail
FROM (SELECT * FROM facts.payloads QUALIFY row_number() OVER (PARTITION BY article_id ORDER BY last_tick DESC) = 1) AS p
JOIN last_words AS w USING (article_id, payload_sha256)
WHERE w.is_damaged AND w.tick > p.last_tick;
