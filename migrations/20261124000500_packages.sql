-- What lists of packages and versions are read by, so that a page of them costs the same however many there are.

-- The version in an order that bytes have too; see Version::sort_key. Filled in by the first start that finds none.
ALTER TABLE versions ADD COLUMN sort_key BYTEA;
CREATE INDEX versions_in_order ON versions (package, sort_key);

-- The identity of the version that lists show; empty when every version was removed, none before it was looked for.
ALTER TABLE packages ADD COLUMN newest TEXT;
ALTER TABLE packages ADD COLUMN unlisted_versions BIGINT NOT NULL DEFAULT 0;
-- Of the listed versions, those that clients without SemVer 2 understand.
ALTER TABLE packages ADD COLUMN listed_plain_versions BIGINT NOT NULL DEFAULT 0;
ALTER TABLE packages ADD COLUMN listed_stable_plain_versions BIGINT NOT NULL DEFAULT 0;
CREATE INDEX packages_by_name ON packages (name_key, feed);
CREATE INDEX packages_without_newest ON packages (id) WHERE newest IS NULL;
