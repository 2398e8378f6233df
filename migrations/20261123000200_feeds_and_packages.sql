CREATE TABLE feeds (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,          -- [a-z0-9]+([._-][a-z0-9]+)*, 2 to 40 characters
    public_since BIGINT,                -- anonymous reading
    everyone_role TEXT,                 -- role of every account; none where only members count
    created_at BIGINT NOT NULL
);

CREATE TABLE members (
    feed TEXT NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    role TEXT NOT NULL,                 -- reader, writer, owner
    PRIMARY KEY (feed, account)
);
CREATE INDEX members_of_account ON members (account);

CREATE TABLE packages (
    id TEXT NOT NULL PRIMARY KEY,
    feed TEXT NOT NULL REFERENCES feeds (id),
    kind TEXT NOT NULL,                 -- nuget, npm
    name TEXT NOT NULL,                 -- as first published
    name_key TEXT NOT NULL,             -- identity: ASCII lower case
    search_text TEXT NOT NULL,          -- lower case: name, title, authors, tags, description of the newest listed version
    listed_versions BIGINT NOT NULL,
    listed_stable_versions BIGINT NOT NULL,
    downloads BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (feed, kind, name_key)
);

CREATE TABLE package_owners (
    package TEXT NOT NULL REFERENCES packages (id) ON DELETE CASCADE,
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    since BIGINT NOT NULL,
    PRIMARY KEY (package, account)
);
CREATE INDEX package_owners_of_account ON package_owners (account);

CREATE TABLE versions (
    id TEXT NOT NULL PRIMARY KEY,
    package TEXT NOT NULL REFERENCES packages (id) ON DELETE CASCADE,
    version TEXT NOT NULL,              -- normalised, with metadata, as shown
    version_key TEXT NOT NULL,          -- identity: normalised, lower case, without metadata
    published_at BIGINT NOT NULL,
    published_by TEXT NOT NULL,         -- account; kept when that one is deleted
    published_with TEXT,                -- token; kept when that one is deleted
    published_hint TEXT,
    unlisted_at BIGINT,
    removed_at BIGINT,                  -- tombstone: a version is never reused
    size BIGINT NOT NULL,               -- bytes
    sha512 TEXT NOT NULL,               -- base64
    blob TEXT NOT NULL,                 -- key in the blob store
    manifest TEXT NOT NULL,             -- JSON: what the package says of itself
    downloads BIGINT NOT NULL,
    UNIQUE (package, version_key)
);
CREATE INDEX versions_published_with ON versions (published_with);
