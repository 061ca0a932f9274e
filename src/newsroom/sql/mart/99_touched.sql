-- One row is an article that may be shown otherwise than it was last published: here all there are or ever were (touched.py knows better).
CREATE OR REPLACE TABLE mart.touched AS
SELECT article_id, true AS is_read
FROM (SELECT article_id FROM mart.current UNION SELECT article_id FROM mart.statuses UNION SELECT article_id FROM ops.article_changes);

-- So the public file is written whole.
DROP TABLE IF EXISTS mart.shown;
