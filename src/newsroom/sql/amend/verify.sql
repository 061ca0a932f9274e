-- One row is a table of the amended public file that does not have as many rows as one written whole would have.
SELECT name, amended, whole FROM (
    SELECT 'articles' AS name, (SELECT count(*) FROM public_file.main.articles) AS amended, 
        (SELECT count(*) FROM mart.current WHERE copy_rank = 1) AS whole
    UNION ALL SELECT 'article_versions', (SELECT count(*) FROM public_file.main.article_versions), 
        (SELECT count(*) FROM mart.versions SEMI JOIN (FROM mart.current WHERE copy_rank = 1) USING (article_id))
    UNION ALL SELECT 'article_urls', (SELECT count(*) FROM public_file.main.article_urls), (SELECT count(*) FROM mart.article_urls)
    UNION ALL SELECT 'listing_entries', (SELECT count(*) FROM public_file.main.listing_entries), (SELECT count(*) FROM mart.listing_entries)
    UNION ALL SELECT 'listing_changes', (SELECT count(*) FROM public_file.main.listing_changes), (SELECT count(*) FROM mart.listing_changes)
    UNION ALL SELECT 'article_changes', (SELECT count(*) FROM public_file.main.article_changes), (SELECT count(*) FROM mart.article_changes)
    UNION ALL SELECT 'search_documents', (SELECT count(*) FROM public_file.main.search_documents), (SELECT count(*) FROM mart.search_documents)
    UNION ALL SELECT 'search_postings', (SELECT count(*) FROM public_file.main.search_postings),
        (SELECT coalesce(sum(documents), 0) FROM public_file.main.search_words)
)
WHERE amended <> whole
