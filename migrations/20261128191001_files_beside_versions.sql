-- What is kept beside a package, such as the provenance of npm, counts against the quota of the account as well. What was
-- there before counts nothing. The sum is read from the index alone.
ALTER TABLE versions ADD COLUMN beside_size BIGINT NOT NULL DEFAULT 0;
CREATE INDEX versions_published_bytes ON versions (published_by, removed_at, size, beside_size);
DROP INDEX versions_published_by;
