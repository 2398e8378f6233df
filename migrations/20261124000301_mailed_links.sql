-- What a mail says, if it is not the warnings that are bound to it. A mail that holds a link keeps no content: what it
-- says follows from its row, and the link's secret from its id.
ALTER TABLE mails ADD COLUMN letter TEXT NOT NULL DEFAULT 'warnings';
-- Where a notice goes, if not to the account's address: the address before says when it was changed.
ALTER TABLE notices ADD COLUMN recipient TEXT;

-- Sign-ups that wait for their address to be confirmed. They take nobody's name or address.
CREATE TABLE sign_ups (
    link BYTEA NOT NULL PRIMARY KEY,    -- SHA-256 of the secret of the link that confirms it
    username TEXT NOT NULL,
    email TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX sign_ups_by_age ON sign_ups (created_at);
CREATE INDEX links_by_end ON links (expires_at);
