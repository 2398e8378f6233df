-- Private addresses at which debuggers, which send no credential, read the symbols that a token may read.
CREATE TABLE symbols_addresses (
    token TEXT NOT NULL PRIMARY KEY REFERENCES tokens (id) ON DELETE CASCADE,
    -- SHA-256 of the secret in the address.
    hash BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);
