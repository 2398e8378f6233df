-- Of a deprecation: why (none is `other`), which package of the feed to use instead, when it was said and by whom (an
-- account; kept when that one is deleted).
ALTER TABLE versions ADD COLUMN deprecation_reason TEXT;
ALTER TABLE versions ADD COLUMN alternative TEXT REFERENCES packages (id) ON DELETE SET NULL;
ALTER TABLE versions ADD COLUMN deprecated_at BIGINT;
ALTER TABLE versions ADD COLUMN deprecated_by TEXT;
CREATE INDEX versions_alternative ON versions (alternative, package) WHERE alternative IS NOT NULL;
