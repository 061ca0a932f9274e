-- One row is what was set aside: a page that could not be read, a response not to be trusted, a dead letter.
CREATE OR REPLACE TABLE mart.quarantine AS
WITH unread AS (
    SELECT p.source, p.article_id, p.url, 'parse' AS stage, r.reason, r.detail, f.attempt_count AS attempts,
        p.first_at, p.last_at, p.warc_file, p.warc_offset
    FROM facts.payloads AS p
    JOIN (SELECT article_id, arg_max(payload_sha256, last_tick) AS payload_sha256 FROM facts.payloads WHERE is_trusted GROUP BY article_id) AS newest
        USING (article_id, payload_sha256)
    JOIN facts.latest_readings AS r USING (article_id, payload_sha256)
    LEFT JOIN facts.frontier AS f USING (article_id)
    WHERE r.reason IS NOT NULL
),
believed AS (
    -- refused when it came, read as an article since
    SELECT p.article_id FROM facts.payloads AS p JOIN facts.latest_readings AS r USING (article_id, payload_sha256)
    WHERE NOT p.is_trusted AND r.reason IS NULL
    QUALIFY row_number() OVER (PARTITION BY p.article_id ORDER BY p.last_tick DESC) = 1
),
unfetched AS (
    SELECT f.source, f.article_id, f.url, 'fetch' AS stage,
        CASE WHEN f.last_outcome = 'rejected' THEN coalesce(f.last_reason, 'rejected') ELSE 'dead-letter' END AS reason,
        f.last_detail AS detail, f.attempt_count AS attempts, f.failing_since_at AS first_at, f.tried_at AS last_at,
        last_fetch.warc_file, last_fetch.warc_offset
    FROM facts.frontier AS f
    LEFT JOIN ops.source_settings AS s ON s.source = f.source
    LEFT JOIN (
        SELECT article_id, arg_max(warc_file, tick) AS warc_file, arg_max(warc_offset, tick) AS warc_offset
        FROM facts.answers GROUP BY article_id
    ) AS last_fetch ON last_fetch.article_id = f.article_id
    WHERE (f.last_outcome = 'rejected' AND f.article_id NOT IN (SELECT article_id FROM believed)) OR (f.last_outcome = 'failed' AND f.failed_nights >= s.give_up_after_nights)
)
SELECT substr(sha256(stage || ' ' || article_id), 1, 8) AS quarantine_id, url, article_id, stage, reason, detail, attempts, first_at, last_at,
    source, warc_file, warc_offset
FROM (SELECT * FROM unread UNION ALL SELECT * FROM unfetched)
ORDER BY last_at DESC, article_id;
