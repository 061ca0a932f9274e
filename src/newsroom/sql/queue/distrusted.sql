-- One row: that in this run the source was found to answer all requests alike.
SELECT reason FROM facts.distrusts WHERE source = $source AND run_id = $run_id;
