-- One row is a reason for which something is set aside.
SELECT stage, reason, count(*) AS addresses FROM mart.quarantine GROUP BY ALL ORDER BY addresses DESC, reason
