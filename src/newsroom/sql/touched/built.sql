-- One row: how far the facts had come when the mart was last made, and by which models and settings.
CREATE OR REPLACE TABLE mart.built AS
SELECT nextval('facts.ticks') AS tick,
    (SELECT coalesce(max(rowid), -1) FROM facts.sightings) AS last_sighting,
    (SELECT coalesce(max(rowid), -1) FROM facts.distrusts) AS last_distrust,
    $models AS models,
    (SELECT md5(string_agg(CAST(s AS VARCHAR), ' ' ORDER BY s.source)) FROM ops.source_settings AS s) AS settings
