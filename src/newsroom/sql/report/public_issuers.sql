-- One row is how many articles an issuer published in a month.
SELECT CAST(date_trunc('month', published_on) AS DATE) AS month, issuer, count(*) AS articles
FROM (SELECT published_on, unnest(CASE WHEN len(issuers) > 0 THEN issuers ELSE ['(no issuer)'] END) AS issuer FROM articles)
WHERE published_on IS NOT NULL
GROUP BY ALL ORDER BY ALL
