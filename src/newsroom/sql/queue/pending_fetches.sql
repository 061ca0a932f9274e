-- One row is an article address to ask for now, newest first; those that a whole run was given up over come last.
-- $mode: due | all | none (what to ask for again); $ids: only these, at once; $since/$until: only those listed in the window;
-- $unseen_walk: a complete whole walk in this run; stored articles it did not list are asked for again, to confirm a removal.
-- What was tried later than now was tried while the clock was ahead: its time has come. What the archive has lost is asked for
-- without validators.
WITH candidates AS (
    SELECT * EXCLUDE (page_on),
        article_id IN (SELECT article_id FROM facts.damaged WHERE source = $source) AS is_damaged,
        coalesce(tried_at > $now, false) AS is_ahead,
        coalesce(published_on, page_on, CAST(first_seen_at AS DATE)) AS born_on,
        failed_nights >= $give_up_after_nights AS is_dead,
        tried_at + INTERVAL 1 HOUR * (CASE WHEN failed_nights <= 1 THEN 0 ELSE 24 * least(1 << (failed_nights - 2), 8) - 4 END) AS next_try_at
    FROM facts.frontier
    LEFT JOIN (
        SELECT article_id, arg_max(coalesce(published_on, dateline_on), tick) AS page_on FROM facts.readings
        WHERE source = $source AND article_id IN (SELECT article_id FROM facts.entries WHERE published_on IS NULL) -- of others the listing tells
        GROUP BY article_id
    ) USING (article_id)
    WHERE source = $source
        AND ($since IS NULL OR coalesce(published_on >= $since, true))
        AND ($until IS NULL OR coalesce(published_on < $until, true))
),
judged AS (
    SELECT *,
        CASE
            WHEN len($ids) > 0 THEN list_contains($ids, article_id)
            WHEN had_at IS NULL THEN
                coalesce(last_outcome, '') <> 'disallowed' AND NOT is_dead AND (tried_at IS NULL OR is_ahead OR next_try_at <= $now)
            WHEN $mode = 'none' THEN false
            WHEN $mode = 'all' THEN true
            ELSE
                -- it failed or was gone when last asked: again, at its own pace
                (failed_nights > 0 AND NOT is_dead AND (is_ahead OR next_try_at <= $now))
                OR (is_damaged AND NOT is_dead)
                OR is_ahead
                OR CASE WHEN CAST(tried_at AS DATE) < born_on + list_max($recheck_days) -- else none is left, and to look at each costs more
                    THEN list_bool_or(list_transform($recheck_days, lambda d: born_on + d BETWEEN CAST(tried_at AS DATE) + 1 AND CAST($now AS DATE)))
                    ELSE false END
                OR ($unseen_walk IS NOT NULL AND failed_nights = 0
                    AND article_id NOT IN (SELECT article_id FROM facts.sightings WHERE walk_id = $unseen_walk))
        END AS is_wanted
    FROM candidates
),
wanted AS MATERIALIZED (
    FROM judged WHERE is_wanted AND ($started_at IS NULL OR tried_at IS NULL OR is_ahead OR tried_at < $started_at)
)
SELECT article_id, url, CASE WHEN NOT is_damaged THEN etag END AS etag, CASE WHEN NOT is_damaged THEN last_modified END AS last_modified, published_on AS listed_on, payload_at, title AS listed_title,
    CASE WHEN NOT is_damaged THEN read_sha256 END AS read_sha256
FROM wanted
LEFT JOIN facts.distrusted USING (article_id)
LEFT JOIN (
    SELECT article_id, max_by(etag, tick) AS etag, max_by(last_modified, tick) AS last_modified
    FROM facts.answers
    WHERE outcome = 'ok' AND article_id IN (SELECT article_id FROM wanted)
    GROUP BY article_id
) USING (article_id)
LEFT JOIN (
    SELECT article_id, arg_max(payload_sha256, tick) FILTER (text_sha256 IS NOT NULL) AS read_sha256
    FROM facts.readings
    WHERE source = $source AND parser_version = $parser_version AND definition_sha256 = $definition_sha256
        AND article_id IN (SELECT article_id FROM wanted)
    GROUP BY article_id
) USING (article_id)
ORDER BY distrusted_at NULLS FIRST, born_on DESC, article_id;
