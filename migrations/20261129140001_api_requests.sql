-- Requests to the HTTP API that name themselves with an Idempotency-Key: what was asked for, as a hash, so that the same name
-- with another request is refused. Empty for forms of pages.
ALTER TABLE token_secrets ADD COLUMN request TEXT NOT NULL DEFAULT '';
