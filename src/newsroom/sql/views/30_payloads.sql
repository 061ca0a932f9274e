-- One row is a differing page of an article: when it was first and last received, and where its bytes stand.
CREATE OR REPLACE VIEW facts.payloads AS
SELECT
    source, article_id, payload_sha256,
    min(fetched_at) AS first_at,
    max(fetched_at) AS last_at,
    max_by(url, fetched_at) AS url,
    max_by(warc_file, fetched_at) AS warc_file,
    max_by(warc_offset, fetched_at) AS warc_offset
FROM facts.fetches
WHERE outcome = 'ok'
GROUP BY source, article_id, payload_sha256;

-- One row is the latest word of a parser on a page.
CREATE OR REPLACE VIEW facts.latest_readings AS
SELECT * FROM facts.readings
QUALIFY row_number() OVER (PARTITION BY article_id, payload_sha256 ORDER BY read_at DESC) = 1;
