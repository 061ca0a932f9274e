-- One row is a message that a person was sent (and that arrived), and the troubles known to that person since.
-- What is in trouble follows from ops.runs; this is only so that nothing is told twice, and that what did not arrive is told again.
CREATE TABLE ops.notices (run_id VARCHAR NOT NULL, event VARCHAR NOT NULL, troubles VARCHAR[] NOT NULL, told_at TIMESTAMPTZ NOT NULL);
