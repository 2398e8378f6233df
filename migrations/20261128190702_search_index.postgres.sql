-- Words to rows of search_entries: those of names have weight A, of titles and tags B, all others D.
CREATE SEQUENCE search_numbers;
CREATE TABLE search_index (number BIGINT NOT NULL PRIMARY KEY, document TSVECTOR NOT NULL);
CREATE INDEX search_index_words ON search_index USING GIN (document);
