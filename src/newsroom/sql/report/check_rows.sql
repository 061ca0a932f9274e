-- One row is a row that a check of the run found.
SELECT check_name, position, found FROM ops.check_rows WHERE run_id = $run_id ORDER BY check_name, position
