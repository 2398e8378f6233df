-- What operators look for across all accounts. Ids sort by time, so each index gives the newest first.
CREATE INDEX events_by_verb ON events (verb, id);
CREATE INDEX events_by_hint ON events (hint, id);
CREATE INDEX events_by_package ON events (lower(package), id);
-- What an account did to things of others, such as an operator's acts.
CREATE INDEX events_by_actor ON events (actor, id) WHERE account IS NULL OR actor <> account;
-- The last sign-in of an account, and the name of one that is gone.
CREATE INDEX events_of_sign_ins ON events (account, id) WHERE verb = 'signed in';
CREATE INDEX events_of_gone_accounts ON events (account) WHERE verb = 'account deleted';

CREATE INDEX accounts_operators ON accounts (id) WHERE operator_since IS NOT NULL AND disabled_at IS NULL;
CREATE INDEX tokens_by_hint ON tokens (hint);
CREATE INDEX members_by_role ON members (feed, role);
CREATE INDEX mails_failed ON mails (created_at) WHERE state = 'failed';
