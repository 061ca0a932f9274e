-- One row is an article of which something was written down since the mart was last made.
CREATE OR REPLACE TEMP TABLE touched AS
SELECT DISTINCT article_id FROM (
    SELECT article_id FROM facts.fetches WHERE tick > (SELECT tick FROM mart.built)
    UNION ALL
    SELECT article_id FROM facts.readings WHERE tick > (SELECT tick FROM mart.built)
    UNION ALL
    SELECT article_id FROM facts.entries WHERE tick > (SELECT tick FROM mart.built)
    UNION ALL
    SELECT article_id FROM facts.sightings WHERE rowid > (SELECT last_sighting FROM mart.built)
    UNION ALL
    -- the answers of a run that is distrusted count for nothing from then on
    SELECT f.article_id FROM facts.fetches AS f
    JOIN (SELECT run_id, source FROM facts.distrusts WHERE rowid > (SELECT last_distrust FROM mart.built)) USING (run_id, source)
);
