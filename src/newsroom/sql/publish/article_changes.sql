-- One row is an article that the coming publication shows otherwise than the one before. What is only bookkeeping (when it was last
-- seen, by which parser, from which response) is no change. Only articles that were touched since are looked at (touched.py).
-- The digests of the fields are kept so that the next run can compare.
INSERT INTO ops.article_changes BY NAME
WITH texts AS MATERIALIZED ( -- found by their hashes first and then read by their rowids, so that the bodies of no others are unpacked
    SELECT c.article_id, t.rowid AS text_row
    FROM mart.current AS c SEMI JOIN mart.touched USING (article_id) JOIN facts.texts AS t USING (text_sha256)
    WHERE c.copy_rank = 1
),
shown AS (
    SELECT article_id, source, is_removed, MAP {
        'url': md5_number_lower(url),
        'title': title_digest,
        'lead': lead_digest,
        'body': body_digest,
        'content_type': md5_number_lower(coalesce(content_type, '')),
        'published_on': md5_number_lower(concat_ws(' ', published_on, published_on_from, published_on_conflict)),
        'place': md5_number_lower(coalesce(place, '')),
        'issuers': md5_number_lower(array_to_string(issuers, chr(31))),
        'topics': md5_number_lower(array_to_string(topics, chr(31))),
        'language': md5_number_lower(coalesce(language, '')),
        'links': md5_number_lower(array_to_string(links, chr(31))),
        'attachments': md5_number_lower(array_to_string(attachments, chr(31))),
        'is_removed': md5_number_lower(CAST(is_removed AS VARCHAR))
    } AS digests
    FROM mart.current
    JOIN texts USING (article_id)
    JOIN ( -- digests are made before the join: it is not to hold all bodies
        SELECT
            rowid AS text_row, md5_number_lower(title) AS title_digest, md5_number_lower(coalesce(lead, '')) AS lead_digest,
            md5_number_lower(body) AS body_digest
        FROM facts.texts
    ) USING (text_row)
),
known AS (
    SELECT article_id, source, change, digests, digests['is_removed'] = md5_number_lower('true') AS is_removed
    FROM ops.article_changes SEMI JOIN mart.touched USING (article_id)
    QUALIFY row_number() OVER (PARTITION BY article_id ORDER BY publication DESC) = 1
)
SELECT
    coalesce((SELECT max(publication) FROM ops.article_changes), 0) + 1 AS publication,
    $run_id AS run_id,
    coalesce(shown.article_id, known.article_id) AS article_id,
    coalesce(shown.source, known.source) AS source,
    CASE
        WHEN shown.article_id IS NULL THEN 'withdrawn'
        WHEN known.article_id IS NULL OR known.change = 'withdrawn' THEN 'new'
        WHEN shown.is_removed AND NOT known.is_removed THEN 'removed'
        WHEN known.is_removed AND NOT shown.is_removed THEN 'restored'
        ELSE 'changed'
    END AS change,
    CASE WHEN shown.article_id IS NULL OR known.article_id IS NULL OR known.change = 'withdrawn' THEN CAST([] AS VARCHAR[])
        ELSE list_filter(map_keys(shown.digests), lambda f: f <> 'is_removed' AND shown.digests[f] IS DISTINCT FROM known.digests[f])
    END AS changed,
    $now AS noted_at,
    coalesce(shown.digests, known.digests) AS digests
FROM shown
FULL JOIN known ON known.article_id = shown.article_id
WHERE CASE
    WHEN shown.article_id IS NULL THEN known.change <> 'withdrawn'
    ELSE known.article_id IS NULL OR known.change = 'withdrawn' OR shown.digests IS DISTINCT FROM known.digests
END
ORDER BY article_id
