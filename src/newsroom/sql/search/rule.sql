-- One row: the rule by which words are made of a text today (public/words.sql), as DuckDB spells it. An index made by another one is made anew.
CREATE TEMP TABLE IF NOT EXISTS rule AS
SELECT md5(string_agg(macro_definition, ' ' ORDER BY function_name)) AS rule
FROM duckdb_functions() WHERE database_name = current_database() AND function_name IN ('search_stem', 'search_words');
