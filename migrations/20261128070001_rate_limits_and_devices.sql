-- How often something may be asked for: one row per subject, which takes the place of counts in windows. Only mails
-- handed over per minute are still counted in `attempts`.
CREATE TABLE rate_limits (
    subject TEXT NOT NULL PRIMARY KEY,
    free_at BIGINT NOT NULL             -- when all of it is free again; a row that lies in the past says nothing
);
CREATE INDEX rate_limits_by_end ON rate_limits (free_at);
DELETE FROM attempts;

-- Browsers that signed in to an account before. The cookie's secret is kept as SHA-256 only.
CREATE TABLE devices (
    id TEXT NOT NULL PRIMARY KEY,
    secret_hash BYTEA NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    client TEXT NOT NULL,
    address TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL             -- the last sign-in
);
CREATE INDEX devices_of_account ON devices (account, seen_at);
CREATE INDEX devices_by_age ON devices (seen_at);
