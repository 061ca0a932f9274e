-- The warehouse: ops (runs and what was published), facts (append-only: what happened), mart (rebuilt each night).
CREATE SCHEMA IF NOT EXISTS ops;
CREATE SCHEMA IF NOT EXISTS facts;
CREATE SCHEMA IF NOT EXISTS mart;

-- Clocks jump; the order in which facts were written down does not. Every append takes the next tick, and "latest" means by tick.
CREATE SEQUENCE facts.ticks;

-- One row is a run. The only table whose rows are updated: once, when the run ends.
CREATE TABLE ops.runs (
    run_id VARCHAR PRIMARY KEY,
    kind VARCHAR NOT NULL,
    sources VARCHAR[] NOT NULL,
    parameters JSON NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    outcome VARCHAR,
    detail VARCHAR,
    host VARCHAR NOT NULL,
    pid INTEGER NOT NULL,
    newsroom_version VARCHAR NOT NULL
);

-- One row is a number counted in a run for a source.
CREATE TABLE ops.counts (run_id VARCHAR NOT NULL, source VARCHAR NOT NULL, name VARCHAR NOT NULL, value BIGINT NOT NULL);

-- One row is a public file put in place (a publish or a rollback).
CREATE TABLE ops.publications (
    run_id VARCHAR NOT NULL, action VARCHAR NOT NULL, snapshot_run_id VARCHAR NOT NULL, article_count BIGINT NOT NULL,
    published_at TIMESTAMPTZ NOT NULL
);

-- One row is a run whose facts have been published, by itself or with a later run: only those are a history to compare with.
CREATE TABLE ops.published_runs (run_id VARCHAR PRIMARY KEY, publication_run_id VARCHAR NOT NULL);

-- One row is how many articles (exact copies included) of a source went out with a publication.
CREATE TABLE ops.published_counts (run_id VARCHAR NOT NULL, source VARCHAR NOT NULL, article_count BIGINT NOT NULL, published_at TIMESTAMPTZ NOT NULL);

-- One row is a verdict of a check; check_rows holds a sample of the rows it found.
CREATE TABLE ops.checks (
    run_id VARCHAR NOT NULL, check_name VARCHAR NOT NULL, severity VARCHAR NOT NULL, verdict VARCHAR NOT NULL,
    failing_rows BIGINT NOT NULL, detail VARCHAR, checked_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE ops.check_rows (
    run_id VARCHAR NOT NULL, check_name VARCHAR NOT NULL, position INTEGER NOT NULL, source VARCHAR, finding VARCHAR, found JSON NOT NULL);

-- One row is a bound of a check for a source, written before the checks are asked. NULL where the check has no such bound.
CREATE TABLE ops.check_bounds (
    check_name VARCHAR NOT NULL, source VARCHAR NOT NULL, min_pages INTEGER, max_drop DOUBLE, PRIMARY KEY (check_name, source));

-- One row is a source, with what the models need of its definition; written at the start of each run.
CREATE TABLE ops.source_settings (
    source VARCHAR PRIMARY KEY, title VARCHAR NOT NULL, give_up_after_nights INTEGER NOT NULL, near_similarity DOUBLE NOT NULL,
    language VARCHAR, labels VARCHAR[]);

-- One row is a finished walk over listing pages, with its verdict.
CREATE TABLE facts.walks (
    walk_id VARCHAR PRIMARY KEY,
    run_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    since_on DATE,
    until_on DATE,
    pages INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    is_complete BOOLEAN NOT NULL,
    is_whole BOOLEAN NOT NULL,
    reason VARCHAR NOT NULL,
    newest_on DATE,
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ NOT NULL,
    tick BIGINT NOT NULL DEFAULT nextval('facts.ticks')
);

-- One row is a state of a listing entry, written when it is first seen or differs from its last state.
CREATE TABLE facts.entries (
    source VARCHAR NOT NULL,
    article_id VARCHAR NOT NULL,
    url VARCHAR NOT NULL,
    title VARCHAR,
    published_on DATE,
    content_type VARCHAR,
    issuers VARCHAR[] NOT NULL,
    topics VARCHAR[] NOT NULL,
    snippet VARCHAR,
    entry_sha256 VARCHAR NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    run_id VARCHAR NOT NULL,
    tick BIGINT NOT NULL DEFAULT nextval('facts.ticks')
);

-- One row is an entry seen on a walk.
CREATE TABLE facts.sightings (
    walk_id VARCHAR NOT NULL, source VARCHAR NOT NULL, article_id VARCHAR NOT NULL, url VARCHAR NOT NULL, seen_at TIMESTAMPTZ NOT NULL
);

-- One row is an attempt to get an article, retries within the night included.
CREATE TABLE facts.fetches (
    run_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    article_id VARCHAR NOT NULL,
    url VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL,
    fetched_at TIMESTAMPTZ NOT NULL,
    status INTEGER,
    final_url VARCHAR,
    etag VARCHAR,
    last_modified VARCHAR,
    payload_sha256 VARCHAR,
    likeness VARCHAR,
    wire_bytes BIGINT NOT NULL,
    seconds DOUBLE NOT NULL,
    requests INTEGER NOT NULL,
    reason VARCHAR,
    detail VARCHAR,
    warc_file VARCHAR,
    warc_offset BIGINT,
    tick BIGINT NOT NULL DEFAULT nextval('facts.ticks')
);

-- One row is a run that stopped asking a source because it answered all requests alike: none of the refused answers of that run,
-- nor of those that have this likeness, counts for anything (view facts.answers).
CREATE TABLE facts.distrusts (
    run_id VARCHAR NOT NULL, source VARCHAR NOT NULL, likeness VARCHAR, reason VARCHAR NOT NULL, noticed_at TIMESTAMPTZ NOT NULL
);

-- One row is a page read by one parser and one definition: its fields, or the reason why it could not be read.
CREATE TABLE facts.readings (
    run_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    article_id VARCHAR NOT NULL,
    payload_sha256 VARCHAR NOT NULL,
    parser_version INTEGER NOT NULL,
    definition_sha256 VARCHAR NOT NULL,
    read_at TIMESTAMPTZ NOT NULL,
    reason VARCHAR,
    detail VARCHAR,
    text_sha256 VARCHAR,
    content_sha256 VARCHAR,
    url VARCHAR,
    content_type VARCHAR,
    published_on DATE,
    place VARCHAR,
    issuers VARCHAR[],
    topics VARCHAR[],
    language VARCHAR,
    dateline_place VARCHAR,
    dateline_on DATE,
    links VARCHAR[],
    attachments VARCHAR[],
    found_by MAP(VARCHAR, VARCHAR),
    tick BIGINT NOT NULL DEFAULT nextval('facts.ticks')
);

-- One row is a text, kept once however often it was read. Bodies stay out of every window query: they are joined last.
CREATE TABLE facts.texts (
    text_sha256 VARCHAR NOT NULL,
    content_sha256 VARCHAR NOT NULL,
    title_sha256 VARCHAR NOT NULL,
    lead_sha256 VARCHAR NOT NULL,
    body_sha256 VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    lead VARCHAR,
    body VARCHAR NOT NULL,
    word_count INTEGER NOT NULL
);

-- One row is the MinHash signature of a text, and its LSH bands.
CREATE TABLE facts.signatures (text_sha256 VARCHAR NOT NULL, signature UINTEGER[] NOT NULL, bands UBIGINT[] NOT NULL);

-- One row is a pair of texts found similar, text_a < text_b.
CREATE TABLE facts.similarities (text_a VARCHAR NOT NULL, text_b VARCHAR NOT NULL, similarity DOUBLE NOT NULL);

-- The index of the full-text search: texts that are in it, its words, and which word stands how often in which text.
CREATE TABLE facts.search_texts (document BIGINT NOT NULL, text_sha256 VARCHAR NOT NULL, length BIGINT NOT NULL, rule VARCHAR NOT NULL);
CREATE TABLE facts.search_words (word_number BIGINT NOT NULL, word VARCHAR NOT NULL);
CREATE TABLE facts.search_postings (word_number BIGINT NOT NULL, document BIGINT NOT NULL, weight UTINYINT NOT NULL);

-- One row is an article that a publication showed otherwise than the one before, and the digests of its fields as it showed them.
CREATE TABLE ops.article_changes (
    publication INTEGER NOT NULL, run_id VARCHAR NOT NULL, article_id VARCHAR NOT NULL, source VARCHAR NOT NULL, change VARCHAR NOT NULL,
    changed VARCHAR[] NOT NULL, noted_at TIMESTAMPTZ NOT NULL, digests MAP(VARCHAR, UBIGINT) NOT NULL
);
