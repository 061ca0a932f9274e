-- One row is a run that has ended, the earliest first, with the checks that blocked it.
SELECT r.run_id, r.kind, r.sources, r.outcome, r.detail,
    (SELECT coalesce(list(c.check_name ORDER BY c.check_name), []) FROM ops.checks AS c
        WHERE c.run_id = r.run_id AND c.severity = 'block' AND c.verdict = 'fail') AS blocked_by
FROM ops.runs AS r
WHERE r.outcome IS NOT NULL
ORDER BY r.started_at, r.run_id;
