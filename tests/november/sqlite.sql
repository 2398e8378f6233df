-- A host of November 2026 on SQLite as that release left it, without its rows: those are in rows.sql.
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
CREATE TABLE installation (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,                 -- person; service and organisation come next
    username TEXT NOT NULL,             -- as typed
    username_key TEXT NOT NULL UNIQUE,  -- ASCII lower case
    email TEXT NOT NULL,                -- as typed
    email_key TEXT NOT NULL UNIQUE,     -- ASCII lower case
    email_confirmed_at BIGINT,
    password_hash TEXT,                 -- PHC string; none for accounts that never sign in
    password_changed_at BIGINT,
    time_zone TEXT NOT NULL,            -- IANA name
    operator_since BIGINT,
    disabled_at BIGINT,
    session_epoch BIGINT NOT NULL,      -- sessions of an earlier epoch have ended
    created_at BIGINT NOT NULL
, remind_30_days_at BIGINT, remind_1_day_at BIGINT, asked_email TEXT, asked_email_at BIGINT);
CREATE TABLE sessions (
    id_hash BYTEA NOT NULL PRIMARY KEY, -- SHA-256 of the cookie's id
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    epoch BIGINT NOT NULL,              -- of the account, when its password was checked
    state TEXT NOT NULL,                -- JSON
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
, name TEXT, client TEXT NOT NULL DEFAULT '', address TEXT NOT NULL DEFAULT '');
CREATE INDEX sessions_of_account ON sessions (account);
CREATE INDEX sessions_by_age ON sessions (seen_at);
CREATE TABLE links (
    hash BYTEA NOT NULL PRIMARY KEY,    -- SHA-256 of the link's secret
    purpose TEXT NOT NULL,
    account TEXT REFERENCES accounts (id) ON DELETE CASCADE,
    email TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE TABLE attempts (
    subject TEXT NOT NULL,
    window_at BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (subject, window_at)
);
CREATE INDEX attempts_by_age ON attempts (window_at);
CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,                 -- personal, primary, legacy
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,             -- lower case, for sorting and search
    note TEXT NOT NULL,
    permissions TEXT NOT NULL,          -- scope strings separated by blanks
    patterns TEXT NOT NULL,             -- one per line
    feeds TEXT NOT NULL,                -- * or one feed id per line
    hint TEXT,                          -- first characters of the secret
    created_at BIGINT NOT NULL,
    issued_at BIGINT,                   -- of the present secret
    lifetime BIGINT,                    -- seconds of a restarted life; none for no end
    expires_at BIGINT,
    deactivated_at BIGINT,
    reactivate_at BIGINT,               -- end of a limited deactivation
    revoked_at BIGINT,
    retired_at BIGINT,
    last_used_at BIGINT,
    last_used_by TEXT,                  -- client
    last_used_from TEXT,                -- address
    last_pushed_at BIGINT,
    made_by TEXT,                       -- token that made it; kept when that one is deleted
    version BIGINT NOT NULL             -- counts edits
, frozen_at BIGINT, work_lost_at BIGINT, retires_at BIGINT, dismissed_end_at BIGINT);
CREATE INDEX tokens_made_by ON tokens (made_by);
CREATE UNIQUE INDEX tokens_primary ON tokens (account) WHERE kind = 'primary';
CREATE TABLE token_secrets (
    hash BYTEA NOT NULL PRIMARY KEY,    -- SHA-256 of the whole secret
    token TEXT NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    form TEXT UNIQUE,                   -- one-time id of the form that issued it
    issued_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX token_secrets_of_token ON token_secrets (token);
CREATE UNIQUE INDEX token_secrets_live ON token_secrets (token) WHERE ended_at IS NULL;
CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,       -- sorts by time
    at BIGINT NOT NULL,
    verb TEXT NOT NULL,
    account TEXT,                       -- whose things were touched
    actor TEXT,                         -- account that did it; none for the host itself
    actor_token TEXT,                   -- token it was done with
    token TEXT,
    hint TEXT,
    feed TEXT,
    package TEXT,
    version TEXT,
    address TEXT,
    client TEXT,
    detail TEXT NOT NULL                -- one sentence in plain words; may be empty
);
CREATE INDEX events_of_account ON events (account, id);
CREATE INDEX events_of_token ON events (token, id);
CREATE TABLE feeds (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,          -- [a-z0-9]+([._-][a-z0-9]+)*, 2 to 40 characters
    public_since BIGINT,                -- anonymous reading
    everyone_role TEXT,                 -- role of every account; none where only members count
    created_at BIGINT NOT NULL
);
CREATE TABLE members (
    feed TEXT NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    role TEXT NOT NULL,                 -- reader, writer, owner
    PRIMARY KEY (feed, account)
);
CREATE INDEX members_of_account ON members (account);
CREATE TABLE packages (
    id TEXT NOT NULL PRIMARY KEY,
    feed TEXT NOT NULL REFERENCES feeds (id),
    kind TEXT NOT NULL,                 -- nuget, npm
    name TEXT NOT NULL,                 -- as first published
    name_key TEXT NOT NULL,             -- identity: ASCII lower case
    search_text TEXT NOT NULL,          -- lower case: name, title, authors, tags, description of the newest listed version
    listed_versions BIGINT NOT NULL,
    listed_stable_versions BIGINT NOT NULL,
    downloads BIGINT NOT NULL,
    created_at BIGINT NOT NULL, newest TEXT, unlisted_versions BIGINT NOT NULL DEFAULT 0, listed_plain_versions BIGINT NOT NULL DEFAULT 0, listed_stable_plain_versions BIGINT NOT NULL DEFAULT 0,
    UNIQUE (feed, kind, name_key)
);
CREATE TABLE package_owners (
    package TEXT NOT NULL REFERENCES packages (id) ON DELETE CASCADE,
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    since BIGINT NOT NULL,
    PRIMARY KEY (package, account)
);
CREATE INDEX package_owners_of_account ON package_owners (account);
CREATE TABLE versions (
    id TEXT NOT NULL PRIMARY KEY,
    package TEXT NOT NULL REFERENCES packages (id) ON DELETE CASCADE,
    version TEXT NOT NULL,              -- normalised, with metadata, as shown
    version_key TEXT NOT NULL,          -- identity: normalised, lower case, without metadata
    published_at BIGINT NOT NULL,
    published_by TEXT NOT NULL,         -- account; kept when that one is deleted
    published_with TEXT,                -- token; kept when that one is deleted
    published_hint TEXT,
    unlisted_at BIGINT,
    removed_at BIGINT,                  -- tombstone: a version is never reused
    size BIGINT NOT NULL,               -- bytes
    sha512 TEXT NOT NULL,               -- base64
    blob TEXT NOT NULL,                 -- key in the blob store
    manifest TEXT NOT NULL,             -- JSON: what the package says of itself
    downloads BIGINT NOT NULL, sort_key BYTEA,
    UNIQUE (package, version_key)
);
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
, letter TEXT NOT NULL DEFAULT 'warnings', urgency BIGINT NOT NULL DEFAULT 0, refused_at BIGINT);
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
    mail TEXT REFERENCES mails (id) ON DELETE SET NULL, recipient TEXT,
    UNIQUE (kind, subject, occasion)
);
CREATE INDEX notices_due ON notices (due_at) WHERE mail IS NULL AND cancelled_at IS NULL;
CREATE INDEX notices_of_subject ON notices (subject);
CREATE INDEX tokens_deactivated ON tokens (account, deactivated_at) WHERE deactivated_at IS NOT NULL;
CREATE INDEX tokens_revoked ON tokens (account, revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX tokens_frozen ON tokens (account, id) WHERE frozen_at IS NOT NULL AND revoked_at IS NULL;
CREATE TABLE token_days (
    token TEXT NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    day BIGINT NOT NULL,                -- days since 1970-01-01, UTC
    uses BIGINT NOT NULL,               -- requests that were allowed
    refusals BIGINT NOT NULL,           -- requests that were refused
    PRIMARY KEY (token, day)
);
CREATE INDEX token_days_by_age ON token_days (day);
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
CREATE INDEX tokens_to_reactivate ON tokens (reactivate_at) WHERE reactivate_at IS NOT NULL;
CREATE INDEX versions_published_with_newest ON versions (published_with, id);
CREATE INDEX events_of_token_life ON events (token, id)
    WHERE verb IN ('token created', 'token edited', 'token refreshed', 'token deactivated', 'token reactivated', 'token revoked');
CREATE INDEX links_of_account ON links (account);
CREATE TABLE sign_ups (
    link BYTEA NOT NULL PRIMARY KEY,    -- SHA-256 of the secret of the link that confirms it
    username TEXT NOT NULL,
    email TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX sign_ups_by_age ON sign_ups (created_at);
CREATE INDEX links_by_end ON links (expires_at);
CREATE INDEX events_by_verb ON events (verb, id);
CREATE INDEX events_by_hint ON events (hint, id);
CREATE INDEX events_by_package ON events (lower(package), id);
CREATE INDEX events_by_actor ON events (actor, id) WHERE account IS NULL OR actor <> account;
CREATE INDEX events_of_sign_ins ON events (account, id) WHERE verb = 'signed in';
CREATE INDEX events_of_gone_accounts ON events (account) WHERE verb = 'account deleted';
CREATE INDEX accounts_operators ON accounts (id) WHERE operator_since IS NOT NULL AND disabled_at IS NULL;
CREATE INDEX tokens_by_hint ON tokens (hint);
CREATE INDEX members_by_role ON members (feed, role);
CREATE INDEX mails_failed ON mails (created_at) WHERE state = 'failed';
CREATE INDEX versions_in_order ON versions (package, sort_key);
CREATE INDEX packages_by_name ON packages (name_key, feed);
CREATE INDEX packages_without_newest ON packages (id) WHERE newest IS NULL;
CREATE INDEX tokens_to_retire ON tokens (retires_at) WHERE retires_at IS NOT NULL AND retired_at IS NULL AND revoked_at IS NULL;
CREATE INDEX tokens_newest ON tokens
    (account, created_at, id, expires_at, retires_at, issued_at, deactivated_at, reactivate_at, revoked_at, last_used_at);
CREATE INDEX tokens_by_end ON tokens
    (account, (CASE WHEN retires_at < expires_at OR expires_at IS NULL THEN retires_at ELSE expires_at
     END), id, expires_at, retires_at, issued_at, deactivated_at, reactivate_at, revoked_at, last_used_at);
CREATE INDEX tokens_endless ON tokens
    (account, expires_at, id, retires_at, issued_at, deactivated_at, reactivate_at, revoked_at, last_used_at)
    WHERE expires_at IS NULL AND retires_at IS NULL;
CREATE INDEX tokens_by_use ON tokens
    (account, last_used_at, id, expires_at, retires_at, issued_at, deactivated_at, reactivate_at, revoked_at);
CREATE INDEX tokens_by_name ON tokens
    (account, name_key, id, expires_at, retires_at, issued_at, deactivated_at, reactivate_at, revoked_at, last_used_at);
CREATE TABLE legacy_keys (
    hash BYTEA NOT NULL PRIMARY KEY,    -- as in token_secrets
    shape TEXT NOT NULL,                -- guid, text
    token TEXT REFERENCES tokens (id) ON DELETE SET NULL,
    imported_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX legacy_keys_of_token ON legacy_keys (token);
CREATE INDEX legacy_keys_in_use ON legacy_keys (shape) WHERE token IS NOT NULL;
CREATE TABLE calendar_links (
    account TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    hash BYTEA NOT NULL UNIQUE,         -- SHA-256 of the address's secret
    created_at BIGINT NOT NULL
);
CREATE TABLE job_runs (
    job TEXT NOT NULL,
    slot BIGINT NOT NULL,
    began_at BIGINT NOT NULL,
    took_ms BIGINT NOT NULL,
    did TEXT NOT NULL,                  -- counts in words; empty if there was nothing to do
    error TEXT,
    PRIMARY KEY (job, slot)
);
CREATE INDEX job_runs_newest ON job_runs (began_at);
CREATE INDEX tokens_by_revocation ON tokens (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX sessions_by_beginning ON sessions (created_at);
CREATE INDEX mails_done ON mails (created_at) WHERE state IN ('sent', 'failed', 'dropped');
CREATE INDEX notices_cancelled ON notices (due_at) WHERE cancelled_at IS NOT NULL;
CREATE INDEX notices_due_of_kind ON notices (kind, due_at, id) WHERE mail IS NULL AND cancelled_at IS NULL;
CREATE INDEX notices_of_mail ON notices (mail) WHERE mail IS NOT NULL;
CREATE INDEX packages_names ON packages (feed, kind, name_key, name, id);
CREATE INDEX mails_to_send ON mails (urgency, next_at, id) WHERE state IN ('pending', 'sending');
CREATE INDEX mails_open ON mails (id) WHERE state IN ('pending', 'sending', 'failed');
CREATE INDEX notices_due_to_account ON notices (account, due_at) WHERE mail IS NULL AND cancelled_at IS NULL;
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20261123000000, 'accounts and sessions', '2026-11-28 07:22:29', 1, X'959EF64D76CD864067D5E2A608034CC03CD910344A0806ECC0059520B173C95FB8DB351EC6DF2F8813AA4B7ABF4747F7', 7413400);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20261123000100, 'tokens', '2026-11-28 07:22:29', 1, X'B7E869FD8BF746DEF0F1754F2046F6072311D9DBDE0A2F15FD5502F62B4D33435E1712768E917D51268C2A971B0B1ACA', 3918940);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20261123000200, 'feeds and packages', '2026-11-28 07:22:29', 1, X'BB49D250A2FE0CE8873B99025EBB5F74A22F04F02138ADF84467E1D5F76C5F6093E45BEA3EB981368A6493E13F6B5B56', 19931120);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20261123000300, 'notices and mails', '2026-11-28 07:22:29', 1, X'DAD7F6E105CC8B49D166BC040FE1537FF059F0934A34EB476EA9785EB803804AF0C161969E0861F6D6D61D0DA45A0994', 11370018);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20261124000000, 'token pages', '2026-11-28 07:22:29', 1, X'B7B8D788A8F0274ACCAF07FA0925CD43B40574F741F0759FF33147F32EE552943441287F948C5A0C01ACDC65A675DF93', 11952249);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20261124000100, 'evidence', '2026-11-28 07:22:29', 1, X'F340CD2FABF3B9B1BCA6FF307015CDFFA2F0AC13A6C27FFE9472B6378B733F840FFC5F6DFAEBAFB5DFD1D52CE603CE82', 15919367);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20261124000200, 'token page', '2026-11-28 07:22:29', 1, X'452373CEA24D31105C5C16414E1C8535774E2CCB8D9BE34B8B96C82B4AF02AE9B91672415CC3F35D87BAAA409C353C8F', 3704024);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20261124000300, 'account settings', '2026-11-28 07:22:29', 1, X'1B5A91E121459ACCCC7C939924EAB02770BDECAB518A284350B3E6998987E634F27DB4C68F539E97534DBF60A3902396', 11935576);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20261124000301, 'mailed links', '2026-11-28 07:22:29', 1, X'284EA9ABDAF47CE4FB34BCC70B619DE7D96F64560F7E084B248737E8E1CEB1BF88D13804B4F4925360E6C309C99A20CF', 3858231);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20261124000400, 'operator', '2026-11-28 07:22:29', 1, X'25BBB4E573DC8F0613E936C16D074136642D91D04561FBFEBC4B334EB12FA506946BF7FA37F00A6C7DA611061D5FF5D1', 11713657);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20261124000500, 'packages', '2026-11-28 07:22:29', 1, X'F843F9290E04E2A1B3C07F1E06AF3F7C85DC43E028E92E1E96C67CA05D9322F49002A362CE864903248A57C254C20202', 7950367);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20261124000600, 'legacy', '2026-11-28 07:22:29', 1, X'E2AC8F2F8B6ABCC4FE521E3F9AF538AFFED695D5B564695BECA53F2C3EAB2744076CA57DD32AF96CB846015C5BCA40CF', 15736734);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20261124000700, 'speed', '2026-11-28 07:22:29', 1, X'4F542D3D18B743DA03C003413AF2D341925A801F9DEC5E6E16DC8F2817BB7D49A9805E144B59B5EE8247734B7024AA98', 7918317);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20261124000800, 'reminders', '2026-11-28 07:22:29', 1, X'A66AA2452FE89FE60489B10261F8F4BF7F89C144EE650EAB339E7C68E1A38A7D8C2C6E57BB1A97F05CF7DA61770291E4', 11900062);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20261124000900, 'asked address', '2026-11-28 07:22:29', 1, X'B371B97E065F0098ADA0DC1FA8C96BE4CBAD40E57CA5A35321FB4B69CBF3812DE36912CCFA5BEE0AC0EFD7DDAFAE9F8F', 7798630);
