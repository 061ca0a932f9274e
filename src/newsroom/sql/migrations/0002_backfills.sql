-- The ledger of backfills. One row is a window that a backfill did, or a slice of a longer one, and how it stood afterwards:
-- complete (listing read whole, nothing pending, published), empty (older than anything listed), open (its days were not over yet) or
-- incomplete. Latest by tick. window_since_on and window_until_on are what was asked for as a whole.
CREATE TABLE ops.slices (
    source VARCHAR NOT NULL,
    window_since_on DATE NOT NULL,
    window_until_on DATE NOT NULL,
    since_on DATE NOT NULL,
    until_on DATE NOT NULL,
    recheck VARCHAR NOT NULL,
    base_url VARCHAR,
    state VARCHAR NOT NULL,
    reason VARCHAR,
    run_id VARCHAR NOT NULL,
    finished_at TIMESTAMPTZ NOT NULL,
    tick BIGINT NOT NULL DEFAULT nextval('facts.ticks')
);
