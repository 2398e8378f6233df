-- Clients at a terminal (npm login) that a person let in, until they have fetched their token.
CREATE TABLE client_logins (
    secret_hash BYTEA NOT NULL PRIMARY KEY,  -- SHA-256 of the secret that the client holds
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    feed TEXT NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX client_logins_by_end ON client_logins (expires_at);
CREATE INDEX client_logins_of_account ON client_logins (account);
CREATE INDEX client_logins_of_feed ON client_logins (feed);
