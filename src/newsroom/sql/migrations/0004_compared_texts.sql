-- Texts are signed where they are read, by many workers; they are compared later, by one. One row is a signed text that has been compared
-- with all that were signed before it.
CREATE TABLE facts.compared (text_sha256 VARCHAR NOT NULL);
INSERT INTO facts.compared SELECT text_sha256 FROM facts.signatures;
