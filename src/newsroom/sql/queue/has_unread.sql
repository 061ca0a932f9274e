-- One row: whether there may be rows in queue/pending_reads, which costs several times as much. A page that was last found damaged in
-- the archive is always a reason to ask that.
WITH read AS (
    SELECT article_id, payload_sha256 FROM facts.readings
    WHERE source = $source
    GROUP BY article_id, payload_sha256
    HAVING arg_max(reason IS DISTINCT FROM 'archive-damaged' AND parser_version = $parser_version AND definition_sha256 = $definition_sha256, tick)
)
SELECT EXISTS (
    FROM facts.answers ANTI JOIN read USING (article_id, payload_sha256)
    WHERE source = $source AND outcome IN ('ok', 'rejected') AND payload_sha256 IS NOT NULL
) AS has_unread;
