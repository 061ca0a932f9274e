-- One row is a source: what was listed, and what became of it.
SELECT source, sum(listed)::BIGINT AS listed, sum(published)::BIGINT AS published, sum(duplicate)::BIGINT AS duplicate,
    sum(quarantined)::BIGINT AS quarantined, sum(pending)::BIGINT AS pending, sum(gone)::BIGINT AS gone
FROM coverage GROUP BY source ORDER BY source
