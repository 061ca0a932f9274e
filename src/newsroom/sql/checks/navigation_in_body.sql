-- Articles read since we last published whose body carries what stands around every article: navigation, link boxes, disclaimers.
WITH fresh AS (
    SELECT source, article_id, url, body FROM mart.articles
    WHERE article_id IN (SELECT article_id FROM facts.readings WHERE run_id NOT IN (SELECT run_id FROM ops.published_runs))
    LIMIT 1_000_000_000 -- a fence: without it the pattern would be tried on every body there is
)
SELECT source, article_id, url, left(body, 200) AS body_begins FROM fresh
WHERE regexp_matches(body, '(^|\n)(Skip to main content|Main navigation|Read more on this topic|About us|Structures and institutions|Field operations|Contacts|Cookie policy|Newsroom)(\n|$)')
    OR contains(body, 'The OSCE bears no responsibility for the accuracy')
