CREATE TABLE mails (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT REFERENCES accounts (id) ON DELETE CASCADE,
    recipient TEXT NOT NULL,
    state TEXT NOT NULL,                -- pending, sending, sent, failed, dropped
    message_id TEXT NOT NULL,
    content TEXT,                       -- the whole message, fixed at the first attempt and retried unchanged
    attempt BIGINT NOT NULL,            -- how many have begun
    next_at BIGINT NOT NULL,            -- not before
    lease_until BIGINT NOT NULL,        -- a claim; 0 for none
    fence BIGINT NOT NULL,              -- grows with every claim
    reply TEXT,                         -- the server's last words
    created_at BIGINT NOT NULL,
    sent_at BIGINT
);
CREATE INDEX mails_to_send ON mails (next_at) WHERE state IN ('pending', 'sending');
CREATE INDEX mails_of_account ON mails (account);

CREATE TABLE notices (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,                 -- warning, expired, and what happened
    subject TEXT NOT NULL,              -- id of what it is about
    occasion TEXT NOT NULL,             -- the expiry instant, or the event's id
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    cancelled_at BIGINT,
    cancelled_because TEXT,             -- in plain words
    mail TEXT REFERENCES mails (id) ON DELETE SET NULL,
    UNIQUE (kind, subject, occasion)
);
CREATE INDEX notices_due ON notices (due_at) WHERE mail IS NULL AND cancelled_at IS NULL;
CREATE INDEX notices_of_mail ON notices (mail);
CREATE INDEX notices_of_subject ON notices (subject);
