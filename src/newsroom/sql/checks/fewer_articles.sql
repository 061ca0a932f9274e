-- Sources with fewer articles than were published last. Articles never leave: removed ones stay, and duplicates only replace.
SELECT n.source, p.article_count AS before, n.article_count AS now
FROM (SELECT source, count(*) AS article_count FROM mart.statuses WHERE status IN ('published', 'duplicate') GROUP BY source) AS n
RIGHT JOIN (
    SELECT source, arg_max(article_count, published_at) AS article_count FROM ops.published_counts GROUP BY source
) AS p USING (source)
WHERE coalesce(n.article_count, 0) < p.article_count
