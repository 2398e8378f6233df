-- Column types are BIGINT, TEXT and BYTEA only; times are unix seconds (UTC). See src/store/mod.rs.

-- One row per fact about this installation, such as the fingerprint of its master secret.
CREATE TABLE installation (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,                 -- person; service and organisation come next
    username TEXT NOT NULL,             -- as typed
    username_key TEXT NOT NULL UNIQUE,  -- ASCII lower case
    email TEXT NOT NULL,                -- as typed
    email_key TEXT NOT NULL UNIQUE,     -- ASCII lower case
    email_confirmed_at BIGINT,
    password_hash TEXT,                 -- PHC string; none for accounts that never sign in
    password_changed_at BIGINT,
    time_zone TEXT NOT NULL,            -- IANA name
    operator_since BIGINT,
    disabled_at BIGINT,
    session_epoch BIGINT NOT NULL,      -- sessions of an earlier epoch have ended
    created_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    id_hash BYTEA NOT NULL PRIMARY KEY, -- SHA-256 of the cookie's id
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    epoch BIGINT NOT NULL,              -- of the account, when its password was checked
    state TEXT NOT NULL,                -- JSON
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);
CREATE INDEX sessions_of_account ON sessions (account);
CREATE INDEX sessions_by_age ON sessions (seen_at);

-- Links that work once: setup, later confirmation and password reset.
CREATE TABLE links (
    hash BYTEA NOT NULL PRIMARY KEY,    -- SHA-256 of the link's secret
    purpose TEXT NOT NULL,
    account TEXT REFERENCES accounts (id) ON DELETE CASCADE,
    email TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

-- Failed guesses, counted per window so that every node sees the same number.
CREATE TABLE attempts (
    subject TEXT NOT NULL,
    window_at BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (subject, window_at)
);
CREATE INDEX attempts_by_age ON attempts (window_at);
