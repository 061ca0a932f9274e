-- One row is a month of an issuer in which something listed is not in the public data: set aside, or still to be had.
SELECT month, issuer, count(*) AS articles
FROM (
    SELECT s.month, unnest(CASE WHEN len(l.issuers) > 0 THEN l.issuers ELSE ['(no issuer)'] END) AS issuer
    FROM mart.statuses AS s
    JOIN facts.listed AS l USING (source, article_id)
    WHERE s.status IN ('quarantined', 'pending') AND s.month IS NOT NULL
)
GROUP BY ALL ORDER BY ALL
