-- What tells a person's sessions apart on their page. Sessions from before have no name there; they end within 12 hours.
ALTER TABLE sessions ADD COLUMN name TEXT;                      -- an id of ours, not the cookie's
ALTER TABLE sessions ADD COLUMN client TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
CREATE INDEX links_of_account ON links (account);
