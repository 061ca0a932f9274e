-- One row is a table of the public file and its columns, in order.
SELECT table_name, list(column_name ORDER BY column_index) AS columns
FROM duckdb_columns() WHERE database_name = 'public_file' GROUP BY table_name
