-- The codes are those of `Store::life_of_token`, word for word: else the index is not used.
CREATE INDEX events_of_token_steps ON events (token, id)
    WHERE verb IN ('token.created', 'token.edited', 'token.refreshed', 'token.deactivated', 'token.reactivated', 'token.revoked');
