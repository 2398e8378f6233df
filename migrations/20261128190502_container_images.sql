-- What container registries tell of their images: one row for each tag of a repository. The images are the registry's.
CREATE TABLE container_images (
    feed TEXT NOT NULL,
    repository TEXT NOT NULL,           -- the whole name, its feed included
    tag TEXT NOT NULL,
    digest TEXT NOT NULL,
    size BIGINT NOT NULL,               -- of all layers and descriptions, in bytes
    pushed_at BIGINT NOT NULL,
    pushed_by TEXT NOT NULL,            -- a username; empty for anybody
    pushed_with TEXT,                   -- a token's id
    pulled_at BIGINT,
    pulled_by TEXT,
    pulled_with TEXT,
    pulls BIGINT NOT NULL,
    PRIMARY KEY (feed, repository, tag)
);
