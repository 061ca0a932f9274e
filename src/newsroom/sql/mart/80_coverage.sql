-- One row is a month and content type of a source: what was listed, and what became of it.
CREATE OR REPLACE TABLE mart.coverage AS
SELECT
    source, month, content_type,
    count(*) AS listed,
    count(*) FILTER (status = 'published') AS published,
    count(*) FILTER (status = 'duplicate') AS duplicate,
    count(*) FILTER (status = 'quarantined') AS quarantined,
    count(*) FILTER (status = 'pending') AS pending,
    count(*) FILTER (status = 'gone') AS gone
FROM mart.statuses
GROUP BY source, month, content_type
ORDER BY source, month, content_type;
