-- Tokens that live longer than the host's maximum allows, across all accounts. What a token's end is, `ends` in
-- src/store/tokens.rs says in the same words: else the index is not used.
CREATE INDEX tokens_by_end_of_all ON tokens
    ((CASE WHEN retires_at < expires_at OR expires_at IS NULL THEN retires_at ELSE expires_at END), id)
    WHERE revoked_at IS NULL;
