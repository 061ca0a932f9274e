-- One row is a slice of the ledger that need not be done again: it stood complete (or empty) when last done, and nothing listed in it
-- has become pending since. $rechecks: what was asked for again then must have been at least what is now; $base_url: the same site.
WITH latest AS (
    SELECT since_on, until_on, max_by(state, tick) AS state, max_by(run_id, tick) AS run_id, max_by(finished_at, tick) AS finished_at
    FROM ops.slices
    WHERE source = $source AND base_url IS NOT DISTINCT FROM $base_url AND list_contains($rechecks, recheck)
    GROUP BY since_on, until_on
),
pending AS (
    SELECT published_on FROM facts.frontier
    WHERE source = $source AND had_at IS NULL AND coalesce(last_outcome, 'failed') = 'failed' AND failed_nights < $give_up_after_nights
)
SELECT since_on, until_on, state, run_id, finished_at FROM latest AS l
WHERE state IN ('complete', 'empty')
    AND NOT EXISTS (SELECT 1 FROM pending AS p WHERE p.published_on >= l.since_on AND p.published_on < l.until_on)
ORDER BY since_on;
