-- Keys imported from an older system, the private calendar, and what the sweep needs to find old rows.

-- When the host's policy retires a legacy token, unless it pushes before. The job that writes retired_at only notes it.
ALTER TABLE tokens ADD COLUMN retires_at BIGINT;
CREATE INDEX tokens_to_retire ON tokens (retires_at) WHERE retires_at IS NOT NULL AND retired_at IS NULL AND revoked_at IS NULL;

-- As in the list's own migration, with the date that is new. What a token's end is, `ends` in src/store/tokens.rs says in
-- the same words: else the index is not used.
DROP INDEX tokens_newest;
DROP INDEX tokens_by_expiry;
DROP INDEX tokens_by_use;
DROP INDEX tokens_by_name;
CREATE INDEX tokens_newest ON tokens
    (account, created_at, id, expires_at, retires_at, issued_at, deactivated_at, reactivate_at, revoked_at, last_used_at);
CREATE INDEX tokens_by_end ON tokens
    (account, (CASE WHEN retires_at < expires_at OR expires_at IS NULL THEN retires_at ELSE expires_at
     END), id, expires_at, retires_at, issued_at, deactivated_at, reactivate_at, revoked_at, last_used_at);
CREATE INDEX tokens_endless ON tokens
    (account, expires_at, id, retires_at, issued_at, deactivated_at, reactivate_at, revoked_at, last_used_at)
    WHERE expires_at IS NULL AND retires_at IS NULL;
CREATE INDEX tokens_by_use ON tokens
    (account, last_used_at, id, expires_at, retires_at, issued_at, deactivated_at, reactivate_at, revoked_at);
CREATE INDEX tokens_by_name ON tokens
    (account, name_key, id, expires_at, retires_at, issued_at, deactivated_at, reactivate_at, revoked_at, last_used_at);

-- Every key that was ever imported. One whose token was deleted stays here, so that no later import brings it back.
CREATE TABLE legacy_keys (
    hash BYTEA NOT NULL PRIMARY KEY,    -- as in token_secrets
    shape TEXT NOT NULL,                -- guid, text
    token TEXT REFERENCES tokens (id) ON DELETE SET NULL,
    imported_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX legacy_keys_of_token ON legacy_keys (token);
CREATE INDEX legacy_keys_in_use ON legacy_keys (shape) WHERE token IS NOT NULL;

-- The address of an account's calendar of coming expiries.
CREATE TABLE calendar_links (
    account TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    hash BYTEA NOT NULL UNIQUE,         -- SHA-256 of the address's secret
    created_at BIGINT NOT NULL
);

-- The last runs of each job: as many as there are slots.
CREATE TABLE job_runs (
    job TEXT NOT NULL,
    slot BIGINT NOT NULL,
    began_at BIGINT NOT NULL,
    took_ms BIGINT NOT NULL,
    did TEXT NOT NULL,                  -- counts in words; empty if there was nothing to do
    error TEXT,
    PRIMARY KEY (job, slot)
);
CREATE INDEX job_runs_newest ON job_runs (began_at);

CREATE INDEX tokens_by_revocation ON tokens (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX sessions_by_beginning ON sessions (created_at);
CREATE INDEX mails_done ON mails (created_at) WHERE state IN ('sent', 'failed', 'dropped');
CREATE INDEX notices_cancelled ON notices (due_at) WHERE cancelled_at IS NOT NULL;
-- With the kind in front: SQLite would otherwise go through all notices of it, by the key that keeps them unique.
CREATE INDEX notices_due_of_kind ON notices (kind, due_at, id) WHERE mail IS NULL AND cancelled_at IS NULL;
-- Only those that a mail carries: SQLite would otherwise use it to find all that none carries, which are nearly all.
DROP INDEX notices_of_mail;
CREATE INDEX notices_of_mail ON notices (mail) WHERE mail IS NOT NULL;
