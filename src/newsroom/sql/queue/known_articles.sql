-- One row is an article of $article_ids that the listing of the source showed before.
SELECT DISTINCT article_id FROM facts.entries WHERE source = $source AND article_id IN (SELECT unnest($article_ids));
