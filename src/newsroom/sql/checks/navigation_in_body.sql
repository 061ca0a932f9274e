-- Articles read since we last published whose body carries what stands around every article: navigation, link boxes, disclaimers.
WITH chosen AS MATERIALIZED ( -- found by their hashes first and then read by their rowids, so that the bodies of no others are unpacked
    SELECT c.source, c.article_id, c.url, t.rowid AS text_row
    FROM mart.current AS c JOIN facts.texts AS t USING (text_sha256)
    WHERE c.copy_rank = 1
        AND c.article_id IN (SELECT article_id FROM facts.readings WHERE run_id NOT IN (SELECT run_id FROM ops.published_runs))
),
fresh AS (
    SELECT c.source, c.article_id, c.url, t.body FROM chosen AS c JOIN facts.texts AS t ON t.rowid = c.text_row
    LIMIT 1_000_000_000 -- a fence: without it the pattern would be tried on every body there is
)
SELECT source, article_id, url, left(body, 200) AS body_begins FROM fresh
WHERE regexp_matches(body, '(^|\n)(Skip to main content|Main navigation|Read more on this topic|About us|Structures and institutions|Field operations|Contacts|Cookie policy|Newsroom)(\n|$)')
    OR contains(body, 'The OSCE bears no responsibility for the accuracy')
