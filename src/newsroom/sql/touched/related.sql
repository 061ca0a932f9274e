-- One row is an article that shares a content or an address with one that was touched, now or when the mart was last made: its rank among
-- copies, or the article that an address leads to, may be another now. Asked again until there are no more.
CREATE OR REPLACE TEMP TABLE related AS
WITH shown AS MATERIALIZED (
    SELECT content_sha256, url FROM mart.current WHERE rowid IN (SELECT rowid FROM mart.current SEMI JOIN touched USING (article_id))
),
read AS MATERIALIZED (
    SELECT content_sha256, url FROM facts.readings WHERE rowid IN (SELECT rowid FROM facts.readings SEMI JOIN touched USING (article_id))
),
contents AS (
    SELECT content_sha256 FROM shown
    UNION
    SELECT content_sha256 FROM read WHERE content_sha256 IS NOT NULL
),
urls AS (
    SELECT url FROM facts.entries WHERE rowid IN (SELECT rowid FROM facts.entries SEMI JOIN touched USING (article_id))
    UNION
    SELECT url FROM shown
    UNION
    SELECT url FROM read WHERE url IS NOT NULL
    UNION
    SELECT final_url FROM facts.fetches SEMI JOIN touched USING (article_id) WHERE outcome = 'ok' AND final_url <> url
)
SELECT DISTINCT article_id, false AS is_read FROM (
    SELECT article_id FROM mart.current SEMI JOIN contents USING (content_sha256)
    UNION ALL
    SELECT article_id FROM mart.current SEMI JOIN urls USING (url)
    UNION ALL
    SELECT article_id FROM facts.entries SEMI JOIN urls USING (url)
    UNION ALL
    SELECT article_id FROM facts.fetches WHERE outcome = 'ok' AND final_url <> url AND final_url IN (FROM urls)
) ANTI JOIN touched USING (article_id);
INSERT INTO touched FROM related;
