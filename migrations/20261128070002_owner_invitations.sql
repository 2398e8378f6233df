-- Who was asked to become an owner of a feed, or of a package in it, and has not answered yet.
CREATE TABLE owner_invitations (
    id TEXT NOT NULL PRIMARY KEY,
    feed TEXT NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
    package TEXT REFERENCES packages (id) ON DELETE CASCADE,    -- none: the feed itself
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    inviter TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX owner_invitations_of_account ON owner_invitations (account);
CREATE INDEX owner_invitations_of_feed ON owner_invitations (feed);
CREATE INDEX owner_invitations_of_package ON owner_invitations (package);
CREATE INDEX owner_invitations_by_inviter ON owner_invitations (inviter);
CREATE INDEX owner_invitations_by_end ON owner_invitations (expires_at);
