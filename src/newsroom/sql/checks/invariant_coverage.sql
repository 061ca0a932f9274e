-- Coverage rows in which something is lost or counted twice (invariant 1 of the contract).
SELECT source, month, content_type, listed, published, duplicate, quarantined, pending, gone FROM mart.coverage
WHERE listed <> published + duplicate + quarantined + pending + gone
UNION ALL
SELECT 'articles and coverage disagree', NULL, NULL, c.published, a.n, NULL, NULL, NULL, NULL
FROM (SELECT coalesce(sum(published), 0) AS published FROM mart.coverage) AS c,
    (SELECT count(*) AS n FROM mart.articles WHERE article_id IN (SELECT article_id FROM facts.entries)) AS a
WHERE c.published <> a.n
