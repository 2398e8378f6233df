-- Since when an account wants reminders of a token's end beside the warning that everybody gets; none if it does not.
ALTER TABLE accounts ADD COLUMN remind_30_days_at BIGINT;
ALTER TABLE accounts ADD COLUMN remind_1_day_at BIGINT;

-- The end whose banner was put away. Another end has its own.
ALTER TABLE tokens ADD COLUMN dismissed_end_at BIGINT;

-- What goes out first: the smaller, the more urgent. See `Letter::urgency`.
ALTER TABLE mails ADD COLUMN urgency BIGINT NOT NULL DEFAULT 0;
-- Since when a server has put this mail off, though it takes others.
ALTER TABLE mails ADD COLUMN refused_at BIGINT;
DROP INDEX mails_to_send;
CREATE INDEX mails_to_send ON mails (urgency, next_at, id) WHERE state IN ('pending', 'sending');
-- What operators look at.
CREATE INDEX mails_open ON mails (id) WHERE state IN ('pending', 'sending', 'failed');
CREATE INDEX notices_due_to_account ON notices (account, due_at) WHERE mail IS NULL AND cancelled_at IS NULL;

-- Owners of the tokens there are will be told of their end too, if it lies ahead of what happened last. Each of these
-- notices has the id of its token: no other has.
INSERT INTO notices (id, kind, subject, occasion, account, due_at, created_at)
SELECT t.id, 'expired', t.id, CAST(t.expires_at AS TEXT), t.account, t.expires_at, t.created_at FROM tokens t
WHERE t.revoked_at IS NULL AND t.deactivated_at IS NULL AND t.issued_at IS NOT NULL
  AND t.expires_at > (SELECT COALESCE(MAX(last.at), 0) FROM (SELECT at FROM events ORDER BY id DESC LIMIT 1) last);
