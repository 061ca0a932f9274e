-- One row: the verdict of a run's walk (NULL if it has none), and how many articles listed in the window $since/$until are still pending.
SELECT
    (SELECT is_complete FROM facts.walks WHERE run_id = $run_id AND source = $source) AS is_complete,
    (SELECT reason FROM facts.walks WHERE run_id = $run_id AND source = $source) AS reason,
    (SELECT count(*) FROM facts.frontier
        WHERE source = $source AND had_at IS NULL AND coalesce(last_outcome, 'failed') = 'failed' AND failed_nights < $give_up_after_nights
            AND published_on >= $since AND published_on < $until) AS pending;
