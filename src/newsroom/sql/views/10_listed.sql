-- One row is an article that the listing ever showed: the address to ask for, and the listing's latest word on it.
-- A section slug says more than /node/; among several the first in the alphabet, so that the order of walks does not matter.
-- Nearly all were listed in one way only: they need no comparing, which would cost ten times as much as all else here.
CREATE OR REPLACE VIEW facts.listed AS
WITH several AS MATERIALIZED (SELECT source, article_id FROM facts.entries GROUP BY source, article_id HAVING count(*) > 1)
SELECT source, article_id, url, title, published_on, content_type, issuers, topics, seen_at AS first_seen_at
FROM facts.entries ANTI JOIN several USING (source, article_id)
UNION ALL
SELECT
    source,
    article_id,
    coalesce(min(url) FILTER (NOT contains(url, '/node/')), min(url)) AS url,
    arg_max(title, (tick, url)) AS title,
    arg_max(published_on, (tick, url)) AS published_on,
    arg_max(content_type, (tick, url)) AS content_type,
    arg_max(issuers, (tick, url)) AS issuers,
    arg_max(topics, (tick, url)) AS topics,
    min(seen_at) AS first_seen_at
FROM facts.entries SEMI JOIN several USING (source, article_id)
GROUP BY source, article_id;
