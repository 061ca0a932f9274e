-- One row is a run, with its counts over all sources.
CREATE OR REPLACE TABLE mart.runs AS
WITH counted AS (
    SELECT run_id,
        sum(value) FILTER (name = 'pages') AS pages,
        sum(value) FILTER (name = 'entries') AS entries,
        sum(value) FILTER (name = 'requests') AS requests,
        sum(value) FILTER (name = 'fetched') AS fetched,
        sum(value) FILTER (name = 'not_modified') AS not_modified,
        sum(value) FILTER (name = 'gone') AS gone,
        sum(value) FILTER (name = 'failed') AS failed,
        sum(value) FILTER (name = 'rejected') AS rejected,
        sum(value) FILTER (name = 'refused') AS refused,
        sum(value) FILTER (name = 'read') AS read,
        sum(value) FILTER (name = 'unread') AS unread,
        sum(value) FILTER (name = 'new_articles') AS new_articles,
        sum(value) FILTER (name = 'new_versions') AS new_versions
    FROM ops.counts GROUP BY run_id
)
SELECT r.run_id, r.kind, r.sources, r.started_at, r.finished_at, r.outcome, r.detail, c.* EXCLUDE (run_id), r.newsroom_version
FROM ops.runs AS r
LEFT JOIN counted AS c USING (run_id)
ORDER BY r.started_at DESC, r.run_id DESC;

-- One row is a walk over listing pages, with its verdict.
CREATE OR REPLACE TABLE mart.walks AS
SELECT run_id, source, pages, entries, is_complete, reason, kind, is_whole, since_on, until_on, newest_on, started_at, finished_at
FROM facts.walks ORDER BY started_at DESC, walk_id;

-- One row is a verdict of a check in a run.
CREATE OR REPLACE TABLE mart.checks AS
SELECT run_id, check_name, severity, verdict, failing_rows, detail FROM ops.checks ORDER BY run_id DESC, check_name;

-- One row is a row that a check found, as far as they are kept.
CREATE OR REPLACE TABLE mart.check_rows AS
SELECT run_id, check_name, position, source, finding, CAST(found AS VARCHAR) AS found FROM ops.check_rows ORDER BY run_id DESC, check_name, position;
