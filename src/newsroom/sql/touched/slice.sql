-- The slice: a warehouse in memory that knows of the touched articles only. The models that go article by article run over it.
-- Rows are found by the article's id alone and then read by their rowids: few of many are wanted. Never in a transaction that has added rows
-- to the same table: DuckDB 2.0.0 can miss some then.
CREATE SCHEMA slice.facts;
CREATE SCHEMA slice.ops;
CREATE SCHEMA slice.mart;
CREATE TABLE slice.facts.fetches AS
FROM facts.fetches WHERE rowid IN (SELECT rowid FROM facts.fetches SEMI JOIN touched USING (article_id));
CREATE TABLE slice.facts.readings AS
FROM facts.readings WHERE rowid IN (SELECT rowid FROM facts.readings SEMI JOIN touched USING (article_id));
CREATE TABLE slice.facts.entries AS
FROM facts.entries WHERE rowid IN (SELECT rowid FROM facts.entries SEMI JOIN touched USING (article_id));
CREATE TABLE slice.facts.sightings AS -- of an entry, whatever article id it was seen under
FROM facts.sightings WHERE article_id IN (SELECT article_id FROM touched) OR url IN (SELECT url FROM slice.facts.entries);
CREATE TABLE slice.facts.texts AS -- bodies stay where they are
SELECT text_sha256, title_sha256, lead_sha256, body_sha256
FROM facts.texts WHERE rowid IN (SELECT rowid FROM facts.texts SEMI JOIN slice.facts.readings USING (text_sha256));
CREATE TABLE slice.facts.search_texts AS FROM facts.search_texts SEMI JOIN slice.facts.readings USING (text_sha256);
CREATE TABLE slice.facts.walks AS FROM facts.walks;
CREATE TABLE slice.facts.distrusts AS FROM facts.distrusts;
CREATE TABLE slice.ops.source_settings AS FROM ops.source_settings;
CREATE TABLE slice.ops.article_changes AS FROM ops.article_changes LIMIT 0;
