-- One row says whether the mart was made by today's models and settings, so that what has not been touched since is as it would be made today.
SELECT models = $models AND settings IS NOT DISTINCT FROM (SELECT md5(string_agg(CAST(s AS VARCHAR), ' ' ORDER BY s.source)) FROM ops.source_settings AS s)
    AS is_like_today
FROM mart.built
