-- What makes the public database a pleasure to query: the feed of changes, ready-made views, and a full-text search in plain SQL
-- (no extension to download). All of it is read by DuckDB 1.4.2, 1.5 and 2.x.

CREATE TABLE article_changes (
    publication INTEGER NOT NULL, run_id VARCHAR NOT NULL, article_id VARCHAR NOT NULL, source VARCHAR NOT NULL, change VARCHAR NOT NULL,
    changed VARCHAR[] NOT NULL, noted_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE article_changes IS 'One row is an article that a publication showed otherwise than the one before: the feed that changes_since() reads.';
COMMENT ON COLUMN article_changes.publication IS 'Number of the publication, 1, 2, ...';
COMMENT ON COLUMN article_changes.run_id IS 'The run that published it.';
COMMENT ON COLUMN article_changes.article_id IS 'The article.';
COMMENT ON COLUMN article_changes.source IS 'The newsroom.';
COMMENT ON COLUMN article_changes.change IS 'new: entered articles; changed; removed: is_removed became true; restored: it became false; withdrawn: left articles (it turned out to be an exact copy, say).';
COMMENT ON COLUMN article_changes.changed IS 'Columns of articles that differ; published_on stands for the date, its origin and its conflict flag; empty for new and withdrawn.';
COMMENT ON COLUMN article_changes.noted_at IS 'When it was published (UTC).';

CREATE TABLE search_documents (document BIGINT NOT NULL, article_id VARCHAR NOT NULL, length BIGINT NOT NULL);
COMMENT ON TABLE search_documents IS 'One row is an article in the index of search().';
COMMENT ON COLUMN search_documents.document IS 'Its number in the index.';
COMMENT ON COLUMN search_documents.article_id IS 'The article.';
COMMENT ON COLUMN search_documents.length IS 'Words of lead and body, plus three times those of the title.';
CREATE TABLE search_words (word_number BIGINT NOT NULL, word VARCHAR NOT NULL, documents INTEGER NOT NULL);
COMMENT ON TABLE search_words IS 'One row is a word of the index of search(), as search_words() cuts it.';
COMMENT ON COLUMN search_words.word_number IS 'Its number in the index.';
COMMENT ON COLUMN search_words.word IS 'The word, without case, accents and plural.';
COMMENT ON COLUMN search_words.documents IS 'Articles that have it.';
CREATE TABLE search_postings (word_number BIGINT NOT NULL, document BIGINT NOT NULL, weight UTINYINT NOT NULL);
COMMENT ON TABLE search_postings IS 'One row is a word of an article in the index of search(); ordered by word, those of the last nights apart.';
COMMENT ON COLUMN search_postings.word_number IS 'The word; see search_words.';
COMMENT ON COLUMN search_postings.document IS 'The article; see search_documents.';
COMMENT ON COLUMN search_postings.weight IS 'How often it stands in lead and body, plus three times in the title; 255 at most.';

CREATE VIEW meta AS
SELECT '1.0' AS schema_version, r.run_id, r.finished_at AS published_at, r.newsroom_version, a.articles, a.sources
FROM (SELECT * FROM runs ORDER BY started_at DESC, run_id DESC LIMIT 1) AS r,
    (
        SELECT coalesce(CAST(sum(articles) AS BIGINT), 0) AS articles,
            list({'source': source, 'articles': articles, 'parser_version': parser_version} ORDER BY source) AS sources
        FROM (SELECT source, count(*) AS articles, max(parser_version) AS parser_version FROM articles GROUP BY source)
    ) AS a;
COMMENT ON VIEW meta IS 'The one row says what this file is: the version of its schema and the run that published it.';
COMMENT ON COLUMN meta.schema_version IS 'Version of tables, columns, views and macros, as major.minor; the major number rises with a breaking change (docs/schema.md).';
COMMENT ON COLUMN meta.run_id IS 'The run that published this file.';
COMMENT ON COLUMN meta.published_at IS 'End of that run (UTC).';
COMMENT ON COLUMN meta.newsroom_version IS 'Version of the Newsroom package that wrote it.';
COMMENT ON COLUMN meta.articles IS 'Rows of articles.';
COMMENT ON COLUMN meta.sources IS 'The newsrooms, with their articles and the newest parser that read one.';

CREATE VIEW article_topics AS
SELECT article_id, source, published_on, content_type, title, unnest(topics) AS topic FROM articles;
COMMENT ON VIEW article_topics IS 'One row is a topic of an article.';
COMMENT ON COLUMN article_topics.article_id IS 'The article.';
COMMENT ON COLUMN article_topics.source IS 'The newsroom.';
COMMENT ON COLUMN article_topics.published_on IS 'Its publication date.';
COMMENT ON COLUMN article_topics.content_type IS 'Its kind.';
COMMENT ON COLUMN article_topics.title IS 'Its title.';
COMMENT ON COLUMN article_topics.topic IS 'One of its topics.';

CREATE VIEW article_issuers AS
SELECT article_id, source, published_on, content_type, title, unnest(issuers) AS issuer FROM articles;
COMMENT ON VIEW article_issuers IS 'One row is an issuer of an article.';
COMMENT ON COLUMN article_issuers.article_id IS 'The article.';
COMMENT ON COLUMN article_issuers.source IS 'The newsroom.';
COMMENT ON COLUMN article_issuers.published_on IS 'Its publication date.';
COMMENT ON COLUMN article_issuers.content_type IS 'Its kind.';
COMMENT ON COLUMN article_issuers.title IS 'Its title.';
COMMENT ON COLUMN article_issuers.issuer IS 'One of its issuers.';

CREATE VIEW articles_per_month AS
SELECT source, CAST(date_trunc('month', published_on) AS DATE) AS month, content_type, count(*) AS articles, CAST(sum(word_count) AS BIGINT) AS words
FROM articles GROUP BY ALL;
COMMENT ON VIEW articles_per_month IS 'One row is a month and content type of a source: how much was published.';
COMMENT ON COLUMN articles_per_month.source IS 'The newsroom.';
COMMENT ON COLUMN articles_per_month.month IS 'First day of the month of publication; NULL for articles without a date.';
COMMENT ON COLUMN articles_per_month.content_type IS 'Kind of article; NULL where none is known.';
COMMENT ON COLUMN articles_per_month.articles IS 'Distinct articles.';
COMMENT ON COLUMN articles_per_month.words IS 'Words of their bodies.';

CREATE MACRO changes_since(since) AS TABLE
WITH asked AS (
    SELECT CASE
        WHEN TRY_CAST(since AS TIMESTAMPTZ) IS NOT NULL
            THEN (SELECT coalesce(max(publication), 0) FROM article_changes WHERE noted_at <= TRY_CAST(since AS TIMESTAMPTZ))
        WHEN CAST(since AS VARCHAR) IN (SELECT run_id FROM runs) THEN coalesce(
            (SELECT max(publication) FROM article_changes WHERE run_id = CAST(since AS VARCHAR)),
            (SELECT max(publication) FROM article_changes WHERE noted_at <= (SELECT max(finished_at) FROM runs WHERE run_id = CAST(since AS VARCHAR))),
            0)
        ELSE error('changes_since: ' || coalesce(CAST(since AS VARCHAR), 'NULL') || ' is neither a run_id of the table runs nor a time such as 2026-11-22 02:30')
    END AS publication
),
net AS (
    SELECT article_id, arg_min(change, c.publication) AS first_change, arg_max(change, c.publication) AS last_change,
        list_sort(list_distinct(flatten(list(changed)))) AS changed, arg_max(run_id, c.publication) AS run_id, max(noted_at) AS noted_at
    FROM article_changes AS c, asked WHERE c.publication > asked.publication GROUP BY article_id
)
SELECT n.article_id,
    CASE WHEN last_change = 'withdrawn' THEN 'withdrawn' WHEN first_change = 'new' THEN 'new'
        WHEN first_change = 'withdrawn' THEN 'changed' ELSE last_change END AS change,
    n.changed, n.noted_at, n.run_id, a.url, a.title, a.content_type, a.published_on, a.version, a.is_removed
FROM net AS n LEFT JOIN articles AS a USING (article_id)
WHERE NOT (first_change = 'new' AND last_change = 'withdrawn')
ORDER BY n.noted_at, n.article_id;
COMMENT ON MACRO TABLE changes_since IS 'What differs in articles since a run was published (its run_id) or since a time: one row is an article, with the net change. changes_since(''20261122-023000-nightly''), changes_since(''2026-11-22'').';

CREATE MACRO search(query) AS TABLE
WITH asked AS (SELECT DISTINCT unnest(search_words(query)) AS word),
size AS (SELECT count(*) AS documents, avg(length) AS mean_length FROM search_documents),
found AS (
    SELECT d.article_id, count(*) AS words_found, sum(
        ln(1 + (s.documents - w.documents + 0.5) / (w.documents + 0.5))
        * p.weight * 2.2 / (p.weight + 1.2 * (0.25 + 0.75 * d.length / s.mean_length))) AS score
    FROM asked
    JOIN search_words AS w USING (word)
    JOIN search_postings AS p USING (word_number)
    JOIN search_documents AS d USING (document)
    CROSS JOIN size AS s
    GROUP BY d.article_id
)
SELECT round(f.score, 3) AS score, f.words_found, a.article_id, a.published_on, a.content_type, a.title, a.url
FROM found AS f JOIN articles AS a USING (article_id)
ORDER BY f.score DESC, a.published_on DESC NULLS LAST, a.article_id;
COMMENT ON MACRO TABLE search IS 'Full-text search, best first: BM25 over title (weighted threefold), lead and body; any of the words, words_found says how many. search(''election observers'').';
COMMENT ON MACRO search_words IS 'How search() cuts a text into words: no case, no accents, no plural.';
COMMENT ON MACRO search_stem IS 'A word without its English plural.';
