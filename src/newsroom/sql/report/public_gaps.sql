-- One row is a month of a source in which something listed is not in articles.
SELECT source, month, coalesce(content_type, '(no type)') AS content_type, listed, quarantined, pending, gone
FROM coverage WHERE quarantined + pending + gone > 0
ORDER BY month DESC NULLS LAST, source, content_type LIMIT 40
