-- Symbol files count against the quota of the account whose token published them, as versions do. Those that were there
-- before count nothing.
ALTER TABLE symbol_files ADD COLUMN size BIGINT NOT NULL DEFAULT 0;
ALTER TABLE symbol_files ADD COLUMN published_by TEXT NOT NULL DEFAULT '';
CREATE INDEX symbol_files_published_by ON symbol_files (published_by, size);
