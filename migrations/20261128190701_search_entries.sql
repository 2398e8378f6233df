-- What packages are found by. The words are cut by this program, so that both databases find the same; rows are written in
-- the change that publishes, lists, unlists, deprecates or removes a version, and filled in for older hosts while they run.
CREATE TABLE search_entries (
    package TEXT NOT NULL PRIMARY KEY REFERENCES packages (id) ON DELETE CASCADE,
    number BIGINT NOT NULL UNIQUE,      -- its row in search_index
    feed TEXT NOT NULL,
    kind TEXT NOT NULL,
    name BYTEA NOT NULL,                -- the package's identity: bytes have one order in every database
    downloads BIGINT NOT NULL,
    shows BIGINT NOT NULL,              -- bits: which sorts of versions there are; see packages::Shows
    types TEXT NOT NULL,                -- as packages.package_types
    deprecated_at BIGINT,               -- since when nobody should use the version that lists show
    name_words TEXT NOT NULL,           -- see packages::search::SearchText
    title_words TEXT NOT NULL,
    tag_words TEXT NOT NULL,
    author_words TEXT NOT NULL,
    description_words TEXT NOT NULL
);
CREATE INDEX search_entries_by_downloads ON search_entries (downloads DESC, name, feed, kind);
CREATE INDEX search_entries_of_feed_by_downloads ON search_entries (feed, downloads DESC, name, kind);
CREATE INDEX search_entries_by_name ON search_entries (name, feed);
CREATE INDEX search_entries_of_feed_by_name ON search_entries (feed, name, kind);
