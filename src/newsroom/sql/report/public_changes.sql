-- One row is one of the latest changes of an article, with the text before and after.
SELECT v.article_id, a.url, a.language, v.version, v.valid_from, v.run_id, v.run_id = $run_id AS is_tonight, v.changed, v.title, v.lead, v.body, v.published_on,
    before.title AS title_before, before.lead AS lead_before, before.body AS body_before, before.published_on AS published_on_before
FROM (SELECT article_id, version FROM article_versions WHERE version > 1 ORDER BY valid_from DESC, article_id LIMIT 12) AS latest
JOIN article_versions AS v USING (article_id, version)
JOIN article_versions AS before ON before.article_id = v.article_id AND before.version = v.version - 1
JOIN articles AS a ON a.article_id = v.article_id
ORDER BY v.valid_from DESC, v.article_id
