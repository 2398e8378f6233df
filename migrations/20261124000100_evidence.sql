-- What keys do: added up in memory, written in batches. An id is a digest of what makes two rows one, so that several
-- nodes find the same row. Nothing here is kept longer than 90 days, or longer than its token.

CREATE TABLE token_days (
    token TEXT NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    day BIGINT NOT NULL,                -- days since 1970-01-01, UTC
    uses BIGINT NOT NULL,               -- requests that were allowed
    refusals BIGINT NOT NULL,           -- requests that were refused
    PRIMARY KEY (token, day)
);
CREATE INDEX token_days_by_age ON token_days (day);

-- From where a token was used: the newest 50.
CREATE TABLE token_places (
    id TEXT NOT NULL PRIMARY KEY,
    token TEXT NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    client TEXT NOT NULL,
    address TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    uses BIGINT NOT NULL
);
CREATE INDEX token_places_newest ON token_places (token, last_at, id);
CREATE INDEX token_places_by_age ON token_places (last_at);

-- What a token was used for: the newest 1,000.
CREATE TABLE token_work (
    id TEXT NOT NULL PRIMARY KEY,
    token TEXT NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    permission TEXT NOT NULL,           -- the least that would have done
    feed TEXT NOT NULL,                 -- id; empty where no feed is concerned
    package TEXT NOT NULL,              -- as its door knows it; empty for none in particular
    last_at BIGINT NOT NULL,
    uses BIGINT NOT NULL
);
CREATE INDEX token_work_newest ON token_work (token, last_at, id);
CREATE INDEX token_work_by_age ON token_work (last_at);

-- Refused requests with secrets that were given out once, equal ones in one row: the newest 200 of a token, 2,000 of an
-- account. Secrets nobody was given leave nothing here.
CREATE TABLE refusals (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,              -- the token's
    token TEXT NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    reason TEXT NOT NULL,
    occasion BIGINT NOT NULL,           -- when the secret was replaced, or the token revoked, switched off or over; else 0
    action TEXT NOT NULL,               -- scope; empty for none in particular
    feed TEXT NOT NULL,                 -- name as asked; may be empty
    package TEXT NOT NULL,              -- may be empty; always empty for a key that opens nothing
    client TEXT NOT NULL,
    address TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    times BIGINT NOT NULL
);
CREATE INDEX refusals_of_token ON refusals (token, last_at, id);
CREATE INDEX refusals_of_account ON refusals (account, last_at, id);
CREATE INDEX refusals_by_age ON refusals (last_at);

-- Up to then, what the token was used for is not known one by one.
ALTER TABLE tokens ADD COLUMN work_lost_at BIGINT;

CREATE INDEX tokens_to_reactivate ON tokens (reactivate_at) WHERE reactivate_at IS NOT NULL;
