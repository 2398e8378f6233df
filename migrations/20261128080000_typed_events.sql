-- What happened is a code and typed facts from now on (events.verb, and JSON in events.detail), no sentence. The rows
-- there are stay as they are here: a job rewrites them while the host runs, and both forms are read until then. This
-- row says that there may be some.
INSERT INTO installation (name, value)
SELECT 'events in sentences', 'yes' WHERE EXISTS (SELECT 1 FROM events);

-- When a pattern or a feed was last added to a token: what it was used for before says nothing about that. Where the
-- record tells of no such edit, it may have been swept: nothing is known from before its first line.
ALTER TABLE tokens ADD COLUMN widened_at BIGINT;
UPDATE tokens SET widened_at = e.at
FROM (SELECT token, MAX(at) AS at FROM events
      WHERE verb = 'token edited' AND (detail LIKE '%packages%' OR detail LIKE '%feeds%') GROUP BY token) e
WHERE e.token = tokens.id;
UPDATE tokens SET widened_at = COALESCE((SELECT e.at FROM events e ORDER BY e.id LIMIT 1), last_used_at)
WHERE widened_at IS NULL AND version > 1;

-- When somebody last signed in to an account.
ALTER TABLE accounts ADD COLUMN signed_in_at BIGINT;
UPDATE accounts SET signed_in_at =
    (SELECT e.at FROM events e WHERE e.account = accounts.id AND e.verb = 'signed in' ORDER BY e.id DESC LIMIT 1);

-- The names of accounts that are gone, for pages of the record. Kept as long as the record.
CREATE TABLE deleted_accounts (
    account TEXT NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    username_key TEXT NOT NULL,
    deleted_at BIGINT NOT NULL
);
CREATE INDEX deleted_accounts_by_name ON deleted_accounts (username_key, deleted_at);
CREATE INDEX deleted_accounts_by_age ON deleted_accounts (deleted_at);
INSERT INTO deleted_accounts (account, username, username_key, deleted_at)
SELECT e.account, MAX(e.detail), MAX(lower(e.detail)), MAX(e.at) FROM events e
WHERE e.verb = 'account deleted' AND e.account IS NOT NULL GROUP BY e.account;

-- These listed sentences.
DROP INDEX events_of_token_life;
DROP INDEX events_of_sign_ins;
DROP INDEX events_of_gone_accounts;
