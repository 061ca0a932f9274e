-- One row is a year of publication: the share of its articles in which each field is filled.
SELECT
    CAST(year(published_on) AS INTEGER) AS year, count(*) AS articles,
    avg((content_type IS NOT NULL)::INTEGER) AS content_type,
    avg((published_on_from = 'page')::INTEGER) AS page_date,
    avg((place IS NOT NULL)::INTEGER) AS place,
    avg((len(issuers) > 0)::INTEGER) AS issuers,
    avg((len(topics) > 0)::INTEGER) AS topics,
    avg((lead IS NOT NULL)::INTEGER) AS lead,
    avg((language IS NOT NULL)::INTEGER) AS language
FROM articles WHERE published_on IS NOT NULL
GROUP BY year ORDER BY year
