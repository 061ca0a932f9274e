-- One row is an article that the listing ever showed: the address to ask for, and the listing's latest word on it.
-- A section slug says more than /node/; among several the first in the alphabet, so that the order of walks does not matter.
CREATE OR REPLACE VIEW facts.listed AS
SELECT
    source,
    article_id,
    arg_min(url, (contains(url, '/node/'), url)) AS url,
    arg_max(title, (tick, url)) AS title,
    arg_max(published_on, (tick, url)) AS published_on,
    arg_max(content_type, (tick, url)) AS content_type,
    arg_max(issuers, (tick, url)) AS issuers,
    arg_max(topics, (tick, url)) AS topics,
    min(seen_at) AS first_seen_at
FROM facts.entries
GROUP BY source, article_id;
