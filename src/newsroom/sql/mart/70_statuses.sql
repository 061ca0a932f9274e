-- One row is a listed article and the one class it is counted in. What may not be asked for, and was never had, is not listed.
CREATE OR REPLACE TABLE mart.statuses AS
WITH unread AS (
    -- the newest page obtained, where it could not be read
    SELECT p.article_id, r.reason
    FROM (SELECT article_id, arg_max(payload_sha256, last_tick) AS payload_sha256 FROM facts.payloads WHERE is_trusted GROUP BY article_id) AS p
    JOIN facts.latest_readings AS r USING (article_id, payload_sha256)
    WHERE r.reason IS NOT NULL
)
SELECT
    f.source, f.article_id, f.url,
    CAST(date_trunc('month', coalesce(c.published_on, f.published_on)) AS DATE) AS month,
    coalesce(c.content_type, f.content_type) AS content_type,
    CASE
        WHEN c.copy_rank = 1 THEN 'published'
        WHEN c.copy_rank > 1 THEN 'duplicate'
        WHEN u.article_id IS NOT NULL THEN 'quarantined'
        WHEN f.last_outcome = 'rejected' THEN 'quarantined'
        WHEN f.last_outcome = 'gone' THEN 'gone'
        WHEN f.failed_nights >= s.give_up_after_nights THEN 'quarantined'
        ELSE 'pending'
    END AS status
FROM facts.frontier AS f
LEFT JOIN mart.current AS c USING (article_id)
LEFT JOIN unread AS u USING (article_id)
LEFT JOIN ops.source_settings AS s ON s.source = f.source
WHERE c.article_id IS NOT NULL OR f.last_outcome IS DISTINCT FROM 'disallowed';
