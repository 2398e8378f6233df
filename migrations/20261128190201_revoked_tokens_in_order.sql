-- In the list by ends, revoked tokens stand last, the last revoked first: a page of them is read from the index.
DROP INDEX tokens_revoked;
CREATE INDEX tokens_revoked ON tokens (account, revoked_at, id) WHERE revoked_at IS NOT NULL;
