-- Articles whose body carries what stands around every article: navigation, link boxes, disclaimers.
SELECT article_id, url, left(body, 200) AS body_begins FROM mart.articles
WHERE regexp_matches(body, '(^|\n)(Skip to main content|Main navigation|Read more on this topic|About us|Structures and institutions|Field operations|Contacts|Cookie policy|Newsroom)(\n|$)')
    OR contains(body, 'The OSCE bears no responsibility for the accuracy')
