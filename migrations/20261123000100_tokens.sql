CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,                 -- personal, primary, legacy
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,             -- lower case, for sorting and search
    note TEXT NOT NULL,
    permissions TEXT NOT NULL,          -- scope strings separated by blanks
    patterns TEXT NOT NULL,             -- one per line
    feeds TEXT NOT NULL,                -- * or one feed id per line
    hint TEXT,                          -- first characters of the secret
    created_at BIGINT NOT NULL,
    issued_at BIGINT,                   -- of the present secret
    lifetime BIGINT,                    -- seconds of a restarted life; none for no end
    expires_at BIGINT,
    deactivated_at BIGINT,
    reactivate_at BIGINT,               -- end of a limited deactivation
    revoked_at BIGINT,
    retired_at BIGINT,
    last_used_at BIGINT,
    last_used_by TEXT,                  -- client
    last_used_from TEXT,                -- address
    last_pushed_at BIGINT,
    made_by TEXT,                       -- token that made it; kept when that one is deleted
    version BIGINT NOT NULL             -- counts edits
);
CREATE INDEX tokens_newest ON tokens (account, created_at, id);
CREATE INDEX tokens_by_expiry ON tokens (account, expires_at, id);
CREATE INDEX tokens_by_use ON tokens (account, last_used_at, id);
CREATE INDEX tokens_by_name ON tokens (account, name_key, id);
CREATE INDEX tokens_made_by ON tokens (made_by);
CREATE UNIQUE INDEX tokens_primary ON tokens (account) WHERE kind = 'primary';

-- A refresh ends one row and adds one, so that an old secret is recognised as replaced.
CREATE TABLE token_secrets (
    hash BYTEA NOT NULL PRIMARY KEY,    -- SHA-256 of the whole secret
    token TEXT NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    form TEXT UNIQUE,                   -- one-time id of the form that issued it
    issued_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX token_secrets_of_token ON token_secrets (token);
CREATE UNIQUE INDEX token_secrets_live ON token_secrets (token) WHERE ended_at IS NULL;

-- The append-only record: who did what to which token, package or account, when, from where.
-- No foreign keys: it outlives what it speaks of.
CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,       -- sorts by time
    at BIGINT NOT NULL,
    verb TEXT NOT NULL,
    account TEXT,                       -- whose things were touched
    actor TEXT,                         -- account that did it; none for the host itself
    actor_token TEXT,                   -- token it was done with
    token TEXT,
    hint TEXT,
    feed TEXT,
    package TEXT,
    version TEXT,
    address TEXT,
    client TEXT,
    detail TEXT NOT NULL                -- one sentence in plain words; may be empty
);
CREATE INDEX events_of_account ON events (account, id);
CREATE INDEX events_of_token ON events (token, id);
