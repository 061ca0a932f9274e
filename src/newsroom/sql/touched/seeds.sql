-- One row is an article of which something was written down since the mart was last made. is_read: what its page says may be another now;
-- else it was only listed, or answered that it has not changed.
CREATE OR REPLACE TEMP TABLE touched AS
SELECT article_id, bool_or(is_read) AS is_read FROM (
    SELECT article_id, outcome IN ('ok', 'rejected') AS is_read FROM facts.fetches WHERE tick > (SELECT tick FROM mart.built)
    UNION ALL
    SELECT article_id, true FROM facts.readings WHERE tick > (SELECT tick FROM mart.built)
    UNION ALL
    SELECT article_id, false FROM facts.entries WHERE tick > (SELECT tick FROM mart.built)
    UNION ALL
    SELECT article_id, false FROM facts.sightings WHERE rowid > (SELECT last_sighting FROM mart.built)
    UNION ALL
    -- an address seen under another article id, for a definition says otherwise what an id is: its entry belongs to the article it was listed as
    SELECT e.article_id, false FROM facts.entries AS e
    SEMI JOIN (SELECT source, url FROM facts.sightings WHERE rowid > (SELECT last_sighting FROM mart.built)) AS s ON e.source = s.source AND e.url = s.url
    UNION ALL
    -- the answers of a run that is distrusted count for nothing from then on
    SELECT f.article_id, true FROM facts.fetches AS f
    JOIN (SELECT run_id, source FROM facts.distrusts WHERE rowid > (SELECT last_distrust FROM mart.built)) USING (run_id, source)
)
GROUP BY article_id;
