-- The list of an account's tokens: each index holds its sort and everything the filters ask, so that even a filter
-- nothing matches is answered from the index alone.
DROP INDEX tokens_newest;
DROP INDEX tokens_by_expiry;
DROP INDEX tokens_by_use;
DROP INDEX tokens_by_name;
CREATE INDEX tokens_newest ON tokens
    (account, created_at, id, expires_at, issued_at, deactivated_at, reactivate_at, revoked_at, retired_at, last_used_at);
CREATE INDEX tokens_by_expiry ON tokens
    (account, expires_at, id, issued_at, deactivated_at, reactivate_at, revoked_at, retired_at, last_used_at);
CREATE INDEX tokens_by_use ON tokens
    (account, last_used_at, id, expires_at, issued_at, deactivated_at, reactivate_at, revoked_at, retired_at);
CREATE INDEX tokens_by_name ON tokens
    (account, name_key, id, expires_at, issued_at, deactivated_at, reactivate_at, revoked_at, retired_at, last_used_at);
CREATE INDEX tokens_deactivated ON tokens (account, deactivated_at) WHERE deactivated_at IS NOT NULL;
CREATE INDEX tokens_revoked ON tokens (account, revoked_at) WHERE revoked_at IS NOT NULL;

-- Set while a token is off because all of its account's tokens were frozen; the undo looks for it.
ALTER TABLE tokens ADD COLUMN frozen_at BIGINT;
CREATE INDEX tokens_frozen ON tokens (account, id) WHERE frozen_at IS NOT NULL AND revoked_at IS NULL;
