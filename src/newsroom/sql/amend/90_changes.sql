-- The feed only grows.
INSERT INTO public_file.main.article_changes BY NAME
FROM mart.article_changes WHERE publication > (SELECT coalesce(max(publication), 0) FROM public_file.main.article_changes)
ORDER BY publication, article_id;

-- A handful of rows.
DELETE FROM public_file.main.coverage;
INSERT INTO public_file.main.coverage BY NAME FROM mart.coverage;
