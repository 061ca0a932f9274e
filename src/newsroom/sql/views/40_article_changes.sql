-- One row is an article that a publication showed otherwise than the one before.
CREATE OR REPLACE VIEW mart.article_changes AS
SELECT publication, run_id, article_id, source, change, changed, noted_at FROM ops.article_changes
