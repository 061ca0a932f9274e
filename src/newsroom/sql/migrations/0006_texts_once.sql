-- Texts stand once, in facts.texts: the articles and their versions are views of them now, and no longer copies made every night.
DROP TABLE IF EXISTS mart.articles;
DROP TABLE IF EXISTS mart.article_versions;
