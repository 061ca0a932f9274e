-- One row is an article that entered the public data with the run, the latest first.
SELECT a.article_id, a.url, a.title, a.content_type, a.published_on, a.place, a.language, a.issuers, left(coalesce(a.lead, a.body), 240) AS opening
FROM articles AS a
JOIN article_versions AS v ON v.article_id = a.article_id AND v.version = 1
WHERE v.run_id = $run_id
ORDER BY a.published_on DESC NULLS LAST, a.article_id
LIMIT 30
