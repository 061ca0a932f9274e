-- One row: the snapshot that holds the mart as it was last published, and how often it has been amended since it was written whole.
CREATE OR REPLACE TABLE mart.shown AS
SELECT $run_id AS run_id, CAST($bytes AS BIGINT) AS bytes, CAST($whole_bytes AS BIGINT) AS whole_bytes, CAST($amended AS INTEGER) AS amended,
    CAST($crc32 AS BIGINT) AS crc32
