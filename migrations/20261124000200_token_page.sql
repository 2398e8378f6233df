-- A token's page reads what the token published, newest first, and the steps of its life, however long its record is.
CREATE INDEX versions_published_with_newest ON versions (published_with, id);
DROP INDEX versions_published_with;

-- The verbs are those of `Store::life_of_token`, word for word: else the index is not used.
CREATE INDEX events_of_token_life ON events (token, id)
    WHERE verb IN ('token created', 'token edited', 'token refreshed', 'token deactivated', 'token reactivated', 'token revoked');
