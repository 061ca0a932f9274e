-- One row is a change of what the listing says of an article: tracked apart, no version of the article arises from it.
CREATE OR REPLACE TABLE mart.listing_changes AS
WITH states AS (
    SELECT source, article_id, url, seen_at AS changed_at, run_id, tick,
        {'title': title, 'published_on': published_on, 'content_type': content_type, 'issuers': issuers, 'topics': topics, 'snippet': snippet}
            AS now
    FROM facts.entries
),
pairs AS (
    SELECT *, lag(now) OVER (PARTITION BY source, url ORDER BY tick) AS was FROM states
)
SELECT
    source, article_id, url,
    list_filter([
        CASE WHEN was.title IS DISTINCT FROM now.title THEN 'title' END,
        CASE WHEN was.published_on IS DISTINCT FROM now.published_on THEN 'published_on' END,
        CASE WHEN was.content_type IS DISTINCT FROM now.content_type THEN 'content_type' END,
        CASE WHEN was.issuers IS DISTINCT FROM now.issuers THEN 'issuers' END,
        CASE WHEN was.topics IS DISTINCT FROM now.topics THEN 'topics' END,
        CASE WHEN was.snippet IS DISTINCT FROM now.snippet THEN 'snippet' END
    ], lambda f: f IS NOT NULL) AS changed,
    changed_at, run_id,
    was.title AS title_before, now.title AS title_after,
    was.published_on AS published_on_before, now.published_on AS published_on_after,
    was.content_type AS content_type_before, now.content_type AS content_type_after,
    was.issuers AS issuers_before, now.issuers AS issuers_after,
    was.topics AS topics_before, now.topics AS topics_after,
    was.snippet AS snippet_before, now.snippet AS snippet_after
FROM pairs
WHERE was IS NOT NULL AND was IS DISTINCT FROM now
ORDER BY changed_at DESC, url, tick DESC;
