-- Words that stand for a version of a package, such as npm's "latest".
CREATE TABLE version_tags (
    package TEXT NOT NULL REFERENCES packages (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    version_key TEXT NOT NULL,
    PRIMARY KEY (package, tag)
);

-- Counts the changes of a package and of its versions: what clients keep of it is as old as this says.
ALTER TABLE packages ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;

-- Why nobody should use the version any more, in one line; none for nothing of the sort.
ALTER TABLE versions ADD COLUMN deprecation TEXT;
