-- One row is a verdict of a check in the run, the worst first.
SELECT check_name, severity, verdict, failing_rows, detail FROM ops.checks WHERE run_id = $run_id
ORDER BY verdict, severity, failing_rows DESC, check_name
