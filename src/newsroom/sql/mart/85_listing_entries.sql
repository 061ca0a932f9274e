-- One row is a listing entry (an address listed) in its latest state.
CREATE OR REPLACE TABLE mart.listing_entries AS
WITH seen AS (SELECT source, url, min(seen_at) AS first_seen_at, max(seen_at) AS last_seen_at FROM facts.sightings GROUP BY source, url)
SELECT e.article_id, e.url, e.title, e.published_on, e.content_type, e.issuers, e.topics, e.snippet, s.first_seen_at, s.last_seen_at
FROM (SELECT * FROM facts.entries QUALIFY row_number() OVER (PARTITION BY source, url ORDER BY tick DESC) = 1) AS e
JOIN seen AS s USING (source, url)
ORDER BY e.published_on DESC NULLS LAST, e.url;
