-- The public database: exactly what the contract promises, in DuckDB's storage version v1.4.0.
-- Filled from the mart tables of the same names. Adding a column is fine; changing or removing one is a breaking change.
-- Bodies by zstd: DuckDB's own choice (dict_fsst) makes the file 1.7 times as large and takes longer; one body is then read in 2 ms instead of 0.4.

CREATE TABLE articles (
    article_id VARCHAR PRIMARY KEY,
    source VARCHAR NOT NULL,
    url VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    lead VARCHAR,
    body VARCHAR NOT NULL USING COMPRESSION zstd,
    content_type VARCHAR,
    published_on DATE,
    published_on_from VARCHAR,
    published_on_conflict BOOLEAN NOT NULL,
    place VARCHAR,
    issuers VARCHAR[] NOT NULL,
    topics VARCHAR[] NOT NULL,
    language VARCHAR,
    links VARCHAR[] NOT NULL,
    attachments VARCHAR[] NOT NULL,
    word_count INTEGER NOT NULL,
    content_sha256 VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    first_seen_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    last_changed_at TIMESTAMPTZ NOT NULL,
    is_removed BOOLEAN NOT NULL,
    parser_version INTEGER NOT NULL,
    warc_file VARCHAR NOT NULL,
    warc_offset BIGINT NOT NULL
);
COMMENT ON TABLE articles IS 'One row is a distinct article, as it stands now. Exact copies under other ids are in duplicates.';
COMMENT ON COLUMN articles.article_id IS 'Key: <source>:<native id> where the source has one (osce:49210; with a language prefix osce:sq/95137), else <source>:<hash of the canonical URL>.';
COMMENT ON COLUMN articles.source IS 'The newsroom: the name of its file config/sources/<source>.toml.';
COMMENT ON COLUMN articles.url IS 'Canonical URL; unique. Other addresses of the article are in article_urls.';
COMMENT ON COLUMN articles.title IS 'Title as printed on the page, blanks folded.';
COMMENT ON COLUMN articles.lead IS 'Lead paragraph, only where the page sets one apart from the body; else NULL.';
COMMENT ON COLUMN articles.body IS 'Body: paragraphs separated by one blank line; no navigation, captions, link boxes or disclaimers.';
COMMENT ON COLUMN articles.content_type IS 'Kind of article in the listing''s words (News, Press release, Daily report, ...); the page''s word first, else the listing''s.';
COMMENT ON COLUMN articles.published_on IS 'Publication date: the page''s, else the listing''s, else the dateline''s; never the crawl date; NULL if none of them has one.';
COMMENT ON COLUMN articles.published_on_from IS 'Which witness gave published_on: page, listing or dateline; NULL if none.';
COMMENT ON COLUMN articles.published_on_conflict IS 'True where page, listing and dateline do not all name the same day.';
COMMENT ON COLUMN articles.place IS 'Place as printed: the page''s, else the dateline''s; NULL if neither.';
COMMENT ON COLUMN articles.issuers IS 'Who issued it (Source, Issued by; else the listing''s Where we are), in the order printed.';
COMMENT ON COLUMN articles.topics IS 'Fields of work (else the listing''s What we do), in the order printed.';
COMMENT ON COLUMN articles.language IS 'Language of the page, ISO 639-1.';
COMMENT ON COLUMN articles.links IS 'Addresses linked from the body, canonical where they are the source''s own, without tokens; attachments apart.';
COMMENT ON COLUMN articles.attachments IS 'Addresses of the files (PDF and the like) linked from the body or from its box of attachments.';
COMMENT ON COLUMN articles.word_count IS 'Words of the body.';
COMMENT ON COLUMN articles.content_sha256 IS 'SHA-256 of the normalised title, lead and body; unique: equal content is one article.';
COMMENT ON COLUMN articles.version IS 'Number of the current version, from 1; the history is in article_versions.';
COMMENT ON COLUMN articles.first_seen_at IS 'When the listing first showed it to us (UTC).';
COMMENT ON COLUMN articles.last_seen_at IS 'When it was last seen, in the listing or by asking for the page (UTC).';
COMMENT ON COLUMN articles.last_changed_at IS 'When the response with the current version first arrived (UTC): valid_from of the newest version.';
COMMENT ON COLUMN articles.is_removed IS 'Confirmed gone from the site (404 or 410 twice, with a complete walk between); the row stays.';
COMMENT ON COLUMN articles.parser_version IS 'Version of the parser that read this row.';
COMMENT ON COLUMN articles.warc_file IS 'WARC file below archive/<source>/ with the very response this row was read from.';
COMMENT ON COLUMN articles.warc_offset IS 'Byte offset of that response record in warc_file.';

CREATE TABLE article_versions (
    article_id VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    valid_from TIMESTAMPTZ NOT NULL,
    valid_to TIMESTAMPTZ,
    title VARCHAR NOT NULL,
    lead VARCHAR,
    body VARCHAR NOT NULL USING COMPRESSION zstd,
    published_on DATE,
    links VARCHAR[] NOT NULL,
    attachments VARCHAR[] NOT NULL,
    content_sha256 VARCHAR NOT NULL,
    changed VARCHAR[] NOT NULL,
    run_id VARCHAR NOT NULL,
    warc_file VARCHAR NOT NULL,
    warc_offset BIGINT NOT NULL,
    PRIMARY KEY (article_id, version)
);
COMMENT ON TABLE article_versions IS 'One row is a version of an article: a differing state of its title, lead, body, date, links or attachments, as we received it.';
COMMENT ON COLUMN article_versions.article_id IS 'The article; see articles.';
COMMENT ON COLUMN article_versions.version IS 'Number of the version, 1, 2, ... without gaps.';
COMMENT ON COLUMN article_versions.valid_from IS 'When a response first showed this version (UTC).';
COMMENT ON COLUMN article_versions.valid_to IS 'When a response first showed the next one (UTC); NULL for the newest, which equals articles.';
COMMENT ON COLUMN article_versions.title IS 'Title in this version.';
COMMENT ON COLUMN article_versions.lead IS 'Lead in this version, or NULL.';
COMMENT ON COLUMN article_versions.body IS 'Body in this version, paragraphs separated by one blank line.';
COMMENT ON COLUMN article_versions.published_on IS 'Publication date in this version (page, else listing, else dateline).';
COMMENT ON COLUMN article_versions.links IS 'Addresses linked from the body in this version, attachments apart.';
COMMENT ON COLUMN article_versions.attachments IS 'Addresses of the files that belong to this version.';
COMMENT ON COLUMN article_versions.content_sha256 IS 'SHA-256 of the normalised title, lead and body of this version.';
COMMENT ON COLUMN article_versions.changed IS 'What differs from the version before: title, lead, body, published_on, links, attachments; empty for version 1.';
COMMENT ON COLUMN article_versions.run_id IS 'The run that first received this version.';
COMMENT ON COLUMN article_versions.warc_file IS 'WARC file below archive/<source>/ with the latest response showing this version.';
COMMENT ON COLUMN article_versions.warc_offset IS 'Byte offset of that response record in warc_file.';

CREATE TABLE article_urls (url VARCHAR PRIMARY KEY, article_id VARCHAR NOT NULL, relation VARCHAR NOT NULL);
COMMENT ON TABLE article_urls IS 'One row is an address under which an article was listed or found.';
COMMENT ON COLUMN article_urls.url IS 'Canonical spelling of the address; unique.';
COMMENT ON COLUMN article_urls.article_id IS 'The article in articles that this address leads to.';
COMMENT ON COLUMN article_urls.relation IS 'canonical: articles.url; alias: another address of the same id; redirect: where a request ended; duplicate: the address of an exact copy.';

CREATE TABLE duplicates (
    article_id VARCHAR NOT NULL, duplicate_of VARCHAR NOT NULL, kind VARCHAR NOT NULL, similarity DOUBLE NOT NULL, PRIMARY KEY (article_id, kind)
);
COMMENT ON TABLE duplicates IS 'One row is an article that repeats another.';
COMMENT ON COLUMN duplicates.article_id IS 'The repeating article. Of kind exact it is not in articles; of kind near it is.';
COMMENT ON COLUMN duplicates.duplicate_of IS 'exact: the representative in articles; near: the earliest article of the group.';
COMMENT ON COLUMN duplicates.kind IS 'exact: the same normalised title, lead and body; near: similar text, both articles stay in articles.';
COMMENT ON COLUMN duplicates.similarity IS 'Jaccard similarity of 5-word shingles, estimated by MinHash; 1 for exact.';

CREATE TABLE listing_entries (
    article_id VARCHAR NOT NULL, url VARCHAR NOT NULL, title VARCHAR, published_on DATE, content_type VARCHAR, issuers VARCHAR[] NOT NULL,
    topics VARCHAR[] NOT NULL, snippet VARCHAR, first_seen_at TIMESTAMPTZ NOT NULL, last_seen_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (article_id, url) -- two sources may list the same address
);
COMMENT ON TABLE listing_entries IS 'One row is an entry of the listing (an address listed), in the state last seen.';
COMMENT ON COLUMN listing_entries.article_id IS 'The article it leads to, whether we have it or not.';
COMMENT ON COLUMN listing_entries.url IS 'The address listed, canonical spelling.';
COMMENT ON COLUMN listing_entries.title IS 'Title as the listing prints it.';
COMMENT ON COLUMN listing_entries.published_on IS 'Publishing date as the listing prints it.';
COMMENT ON COLUMN listing_entries.content_type IS 'Content type as the listing prints it.';
COMMENT ON COLUMN listing_entries.issuers IS 'Where we are, in the order printed; empty if the entry has none.';
COMMENT ON COLUMN listing_entries.topics IS 'What we do, in the order printed; empty if the entry has none.';
COMMENT ON COLUMN listing_entries.snippet IS 'The teaser below the entry.';
COMMENT ON COLUMN listing_entries.first_seen_at IS 'When a walk first saw the entry (UTC).';
COMMENT ON COLUMN listing_entries.last_seen_at IS 'When a walk last saw the entry (UTC).';

CREATE TABLE listing_changes (
    source VARCHAR NOT NULL, article_id VARCHAR NOT NULL, url VARCHAR NOT NULL, changed VARCHAR[] NOT NULL, changed_at TIMESTAMPTZ NOT NULL,
    run_id VARCHAR NOT NULL, title_before VARCHAR, title_after VARCHAR, published_on_before DATE, published_on_after DATE,
    content_type_before VARCHAR, content_type_after VARCHAR, issuers_before VARCHAR[] NOT NULL, issuers_after VARCHAR[] NOT NULL,
    topics_before VARCHAR[] NOT NULL, topics_after VARCHAR[] NOT NULL, snippet_before VARCHAR, snippet_after VARCHAR
);
COMMENT ON TABLE listing_changes IS 'One row is a change of what the listing says of an article. It makes no version of the article; the latest state is in listing_entries.';
COMMENT ON COLUMN listing_changes.source IS 'The newsroom.';
COMMENT ON COLUMN listing_changes.article_id IS 'The article that the entry leads to, whether we have it or not.';
COMMENT ON COLUMN listing_changes.url IS 'The address listed, canonical spelling.';
COMMENT ON COLUMN listing_changes.changed IS 'What differs from the state before: title, published_on, content_type, issuers, topics, snippet.';
COMMENT ON COLUMN listing_changes.changed_at IS 'When a walk first saw the new state (UTC).';
COMMENT ON COLUMN listing_changes.run_id IS 'The run that saw it.';
COMMENT ON COLUMN listing_changes.title_before IS 'Title before the change.';
COMMENT ON COLUMN listing_changes.title_after IS 'Title after it; equal to title_before where something else changed.';
COMMENT ON COLUMN listing_changes.published_on_before IS 'Publishing date before the change.';
COMMENT ON COLUMN listing_changes.published_on_after IS 'Publishing date after it.';
COMMENT ON COLUMN listing_changes.content_type_before IS 'Content type before the change.';
COMMENT ON COLUMN listing_changes.content_type_after IS 'Content type after it.';
COMMENT ON COLUMN listing_changes.issuers_before IS 'Where we are, before the change.';
COMMENT ON COLUMN listing_changes.issuers_after IS 'Where we are, after it: a mission that closes becomes "... (closed)".';
COMMENT ON COLUMN listing_changes.topics_before IS 'What we do, before the change.';
COMMENT ON COLUMN listing_changes.topics_after IS 'What we do, after it.';
COMMENT ON COLUMN listing_changes.snippet_before IS 'The teaser before the change.';
COMMENT ON COLUMN listing_changes.snippet_after IS 'The teaser after it.';

CREATE TABLE coverage (
    source VARCHAR NOT NULL, month DATE, content_type VARCHAR, listed BIGINT NOT NULL, published BIGINT NOT NULL, duplicate BIGINT NOT NULL,
    quarantined BIGINT NOT NULL, pending BIGINT NOT NULL, gone BIGINT NOT NULL
);
COMMENT ON TABLE coverage IS 'One row is a month and content type of a source: what the listing showed, and what became of it. listed = published + duplicate + quarantined + pending + gone.';
COMMENT ON COLUMN coverage.source IS 'The newsroom.';
COMMENT ON COLUMN coverage.month IS 'First day of the month of publication; NULL for articles without a date.';
COMMENT ON COLUMN coverage.content_type IS 'Content type; NULL where neither page nor listing says one.';
COMMENT ON COLUMN coverage.listed IS 'Articles that the listing ever showed and that may be asked for.';
COMMENT ON COLUMN coverage.published IS 'Of these: in articles, removed ones included.';
COMMENT ON COLUMN coverage.duplicate IS 'Of these: exact copies of a published article.';
COMMENT ON COLUMN coverage.quarantined IS 'Of these: obtained but not trusted, or given up after several nights (dead letters); see quarantine.';
COMMENT ON COLUMN coverage.pending IS 'Of these: still to be tried or to be tried again.';
COMMENT ON COLUMN coverage.gone IS 'Of these: answered 404 or 410 before we ever had them.';

CREATE TABLE walks (
    run_id VARCHAR NOT NULL, source VARCHAR NOT NULL, pages INTEGER NOT NULL, entries INTEGER NOT NULL, is_complete BOOLEAN NOT NULL,
    reason VARCHAR NOT NULL, kind VARCHAR NOT NULL, is_whole BOOLEAN NOT NULL, since_on DATE, until_on DATE, newest_on DATE,
    started_at TIMESTAMPTZ NOT NULL, finished_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE walks IS 'One row is a pass over listing pages, with its verdict.';
COMMENT ON COLUMN walks.run_id IS 'The run that walked.';
COMMENT ON COLUMN walks.source IS 'The newsroom.';
COMMENT ON COLUMN walks.pages IS 'Listing pages read.';
COMMENT ON COLUMN walks.entries IS 'Distinct addresses listed on them.';
COMMENT ON COLUMN walks.is_complete IS 'True if everything listed in the walk''s range was read; only a complete walk moves the watermark or confirms a removal.';
COMMENT ON COLUMN walks.reason IS 'Why the walk is complete or not, and what on it may not be asked for.';
COMMENT ON COLUMN walks.kind IS 'nightly (down to the overlap), sweep (the whole listing) or backfill (a window).';
COMMENT ON COLUMN walks.is_whole IS 'True if the walk reached the end of the listing.';
COMMENT ON COLUMN walks.since_on IS 'Oldest publication date the walk was to reach; NULL for the whole listing.';
COMMENT ON COLUMN walks.until_on IS 'Backfill only: end of the window, exclusive.';
COMMENT ON COLUMN walks.newest_on IS 'Newest publication date seen; the next nightly reads back from here.';
COMMENT ON COLUMN walks.started_at IS 'Start of the walk (UTC).';
COMMENT ON COLUMN walks.finished_at IS 'End of the walk (UTC).';

CREATE TABLE quarantine (
    quarantine_id VARCHAR PRIMARY KEY, url VARCHAR NOT NULL, article_id VARCHAR NOT NULL, stage VARCHAR NOT NULL, reason VARCHAR NOT NULL, detail VARCHAR,
    attempts BIGINT NOT NULL, first_at TIMESTAMPTZ, last_at TIMESTAMPTZ, source VARCHAR NOT NULL, warc_file VARCHAR, warc_offset BIGINT
);
COMMENT ON TABLE quarantine IS 'One row is what was set aside: a page that could not be read, a response not to be trusted, or a dead letter.';
COMMENT ON COLUMN quarantine.quarantine_id IS 'Short id for newsroom quarantine show and retry.';
COMMENT ON COLUMN quarantine.url IS 'The address asked for, canonical.';
COMMENT ON COLUMN quarantine.article_id IS 'The article it should have been.';
COMMENT ON COLUMN quarantine.stage IS 'fetch: could not be had or must not be trusted; parse: could not be read.';
COMMENT ON COLUMN quarantine.reason IS 'Short code: field-missing, too-large, outside-source, not-html, dead-letter; block-page, login-wall, soft-404, maintenance, consent-wall, other-page, not-an-article; ...';
COMMENT ON COLUMN quarantine.detail IS 'What was missing or wrong, and what was tried.';
COMMENT ON COLUMN quarantine.attempts IS 'How often the address was asked for.';
COMMENT ON COLUMN quarantine.first_at IS 'First time it went wrong (UTC).';
COMMENT ON COLUMN quarantine.last_at IS 'Last time it went wrong (UTC).';
COMMENT ON COLUMN quarantine.source IS 'The newsroom.';
COMMENT ON COLUMN quarantine.warc_file IS 'Evidence: WARC file below archive/<source>/; NULL if there was no response.';
COMMENT ON COLUMN quarantine.warc_offset IS 'Evidence: byte offset of the response record in warc_file.';

CREATE TABLE runs (
    run_id VARCHAR PRIMARY KEY, kind VARCHAR NOT NULL, sources VARCHAR[] NOT NULL, started_at TIMESTAMPTZ NOT NULL, finished_at TIMESTAMPTZ,
    outcome VARCHAR, detail VARCHAR, pages BIGINT, entries BIGINT, requests BIGINT, fetched BIGINT, not_modified BIGINT, gone BIGINT,
    failed BIGINT, rejected BIGINT, refused BIGINT, read BIGINT, unread BIGINT, new_articles BIGINT, new_versions BIGINT, newsroom_version VARCHAR
);
COMMENT ON TABLE runs IS 'One row is a run of the pipeline.';
COMMENT ON COLUMN runs.run_id IS 'Key; sorts by time: <UTC date>-<UTC time>-<kind>.';
COMMENT ON COLUMN runs.kind IS 'nightly, backfill, sweep, reparse, retry, check or publish.';
COMMENT ON COLUMN runs.sources IS 'The newsrooms it was for.';
COMMENT ON COLUMN runs.started_at IS 'Start (UTC).';
COMMENT ON COLUMN runs.finished_at IS 'End (UTC); NULL while it runs.';
COMMENT ON COLUMN runs.outcome IS 'ok, incomplete (something could not be reached), blocked (checks) or failed.';
COMMENT ON COLUMN runs.detail IS 'Why it is not ok, in one line.';
COMMENT ON COLUMN runs.pages IS 'Listing pages read.';
COMMENT ON COLUMN runs.entries IS 'Distinct listing entries seen.';
COMMENT ON COLUMN runs.requests IS 'HTTP requests made, retries, redirects and robots.txt included.';
COMMENT ON COLUMN runs.fetched IS 'Article pages received in full (status 200).';
COMMENT ON COLUMN runs.not_modified IS 'Articles that answered 304: unchanged.';
COMMENT ON COLUMN runs.gone IS 'Articles that answered 404 or 410.';
COMMENT ON COLUMN runs.failed IS 'Articles that could not be had tonight.';
COMMENT ON COLUMN runs.rejected IS 'Article responses that must not be trusted (quarantined; or pending, where the site answered all requests alike).';
COMMENT ON COLUMN runs.refused IS 'Listed addresses that may not be asked for: robots.txt, or outside the source.';
COMMENT ON COLUMN runs.read IS 'Pages read into articles.';
COMMENT ON COLUMN runs.unread IS 'Pages that could not be read (quarantined).';
COMMENT ON COLUMN runs.new_articles IS 'Articles that entered the public data with this run.';
COMMENT ON COLUMN runs.new_versions IS 'Versions after the first that this run received.';
COMMENT ON COLUMN runs.newsroom_version IS 'Version of the Newsroom package.';

CREATE TABLE checks (
    run_id VARCHAR NOT NULL, check_name VARCHAR NOT NULL, severity VARCHAR NOT NULL, verdict VARCHAR NOT NULL, failing_rows BIGINT NOT NULL,
    detail VARCHAR, PRIMARY KEY (run_id, check_name)
);
COMMENT ON TABLE checks IS 'One row is a check in a run.';
COMMENT ON COLUMN checks.run_id IS 'The run.';
COMMENT ON COLUMN checks.check_name IS 'Name of the check: its file sql/checks/<check_name>.sql.';
COMMENT ON COLUMN checks.severity IS 'block: stops publishing; warn: tells.';
COMMENT ON COLUMN checks.verdict IS 'pass or fail.';
COMMENT ON COLUMN checks.failing_rows IS 'Rows found that one would be ashamed of.';
COMMENT ON COLUMN checks.detail IS 'What the check asks, and the first row it found.';

CREATE TABLE check_rows (
    run_id VARCHAR NOT NULL, check_name VARCHAR NOT NULL, position INTEGER NOT NULL, source VARCHAR, finding VARCHAR, found VARCHAR NOT NULL,
    PRIMARY KEY (run_id, check_name, position)
);
COMMENT ON TABLE check_rows IS 'One row is a row that a check found in a run; of a check that found many, the first twenty.';
COMMENT ON COLUMN check_rows.run_id IS 'The run.';
COMMENT ON COLUMN check_rows.check_name IS 'The check; see checks.';
COMMENT ON COLUMN check_rows.position IS 'Order of the rows of a check, from 0.';
COMMENT ON COLUMN check_rows.source IS 'The newsroom it is about; NULL if it is about all.';
COMMENT ON COLUMN check_rows.finding IS 'What was found, as a sentence; NULL where the check gives only columns.';
COMMENT ON COLUMN check_rows.found IS 'The whole row as a JSON object: addresses, and where the bytes stand in the archive (warc_file, warc_offset).';
