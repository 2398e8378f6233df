-- A host of November 2026 on PostgreSQL as that release left it, without its rows: those are in rows.sql.
CREATE TABLE _sqlx_migrations (
    version bigint NOT NULL,
    description text NOT NULL,
    installed_on timestamp with time zone DEFAULT now() NOT NULL,
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
);
CREATE TABLE accounts (
    id text NOT NULL,
    kind text NOT NULL,
    username text NOT NULL,
    username_key text NOT NULL,
    email text NOT NULL,
    email_key text NOT NULL,
    email_confirmed_at bigint,
    password_hash text,
    password_changed_at bigint,
    time_zone text NOT NULL,
    operator_since bigint,
    disabled_at bigint,
    session_epoch bigint NOT NULL,
    created_at bigint NOT NULL,
    remind_30_days_at bigint,
    remind_1_day_at bigint,
    asked_email text,
    asked_email_at bigint
);
CREATE TABLE attempts (
    subject text NOT NULL,
    window_at bigint NOT NULL,
    count bigint NOT NULL
);
CREATE TABLE calendar_links (
    account text NOT NULL,
    hash bytea NOT NULL,
    created_at bigint NOT NULL
);
CREATE TABLE events (
    id text NOT NULL,
    at bigint NOT NULL,
    verb text NOT NULL,
    account text,
    actor text,
    actor_token text,
    token text,
    hint text,
    feed text,
    package text,
    version text,
    address text,
    client text,
    detail text NOT NULL
);
CREATE TABLE feeds (
    id text NOT NULL,
    name text NOT NULL,
    public_since bigint,
    everyone_role text,
    created_at bigint NOT NULL
);
CREATE TABLE installation (
    name text NOT NULL,
    value text NOT NULL
);
CREATE TABLE job_runs (
    job text NOT NULL,
    slot bigint NOT NULL,
    began_at bigint NOT NULL,
    took_ms bigint NOT NULL,
    did text NOT NULL,
    error text
);
CREATE TABLE legacy_keys (
    hash bytea NOT NULL,
    shape text NOT NULL,
    token text,
    imported_at bigint NOT NULL
);
CREATE TABLE links (
    hash bytea NOT NULL,
    purpose text NOT NULL,
    account text,
    email text,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint
);
CREATE TABLE mails (
    id text NOT NULL,
    account text,
    recipient text NOT NULL,
    state text NOT NULL,
    message_id text NOT NULL,
    content text,
    attempt bigint NOT NULL,
    next_at bigint NOT NULL,
    lease_until bigint NOT NULL,
    fence bigint NOT NULL,
    reply text,
    created_at bigint NOT NULL,
    sent_at bigint,
    letter text DEFAULT 'warnings'::text NOT NULL,
    urgency bigint DEFAULT 0 NOT NULL,
    refused_at bigint
);
CREATE TABLE members (
    feed text NOT NULL,
    account text NOT NULL,
    role text NOT NULL
);
CREATE TABLE notices (
    id text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    occasion text NOT NULL,
    account text NOT NULL,
    due_at bigint NOT NULL,
    created_at bigint NOT NULL,
    cancelled_at bigint,
    cancelled_because text,
    mail text,
    recipient text
);
CREATE TABLE package_owners (
    package text NOT NULL,
    account text NOT NULL,
    since bigint NOT NULL
);
CREATE TABLE packages (
    id text NOT NULL,
    feed text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    search_text text NOT NULL,
    listed_versions bigint NOT NULL,
    listed_stable_versions bigint NOT NULL,
    downloads bigint NOT NULL,
    created_at bigint NOT NULL,
    newest text,
    unlisted_versions bigint DEFAULT 0 NOT NULL,
    listed_plain_versions bigint DEFAULT 0 NOT NULL,
    listed_stable_plain_versions bigint DEFAULT 0 NOT NULL
);
CREATE TABLE refusals (
    id text NOT NULL,
    account text NOT NULL,
    token text NOT NULL,
    reason text NOT NULL,
    occasion bigint NOT NULL,
    action text NOT NULL,
    feed text NOT NULL,
    package text NOT NULL,
    client text NOT NULL,
    address text NOT NULL,
    first_at bigint NOT NULL,
    last_at bigint NOT NULL,
    times bigint NOT NULL
);
CREATE TABLE sessions (
    id_hash bytea NOT NULL,
    account text NOT NULL,
    epoch bigint NOT NULL,
    state text NOT NULL,
    created_at bigint NOT NULL,
    seen_at bigint NOT NULL,
    name text,
    client text DEFAULT ''::text NOT NULL,
    address text DEFAULT ''::text NOT NULL
);
CREATE TABLE sign_ups (
    link bytea NOT NULL,
    username text NOT NULL,
    email text NOT NULL,
    password_hash text NOT NULL,
    time_zone text NOT NULL,
    created_at bigint NOT NULL
);
CREATE TABLE token_days (
    token text NOT NULL,
    day bigint NOT NULL,
    uses bigint NOT NULL,
    refusals bigint NOT NULL
);
CREATE TABLE token_places (
    id text NOT NULL,
    token text NOT NULL,
    client text NOT NULL,
    address text NOT NULL,
    first_at bigint NOT NULL,
    last_at bigint NOT NULL,
    uses bigint NOT NULL
);
CREATE TABLE token_secrets (
    hash bytea NOT NULL,
    token text NOT NULL,
    form text,
    issued_at bigint NOT NULL,
    ended_at bigint
);
CREATE TABLE token_work (
    id text NOT NULL,
    token text NOT NULL,
    permission text NOT NULL,
    feed text NOT NULL,
    package text NOT NULL,
    last_at bigint NOT NULL,
    uses bigint NOT NULL
);
CREATE TABLE tokens (
    id text NOT NULL,
    account text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    note text NOT NULL,
    permissions text NOT NULL,
    patterns text NOT NULL,
    feeds text NOT NULL,
    hint text,
    created_at bigint NOT NULL,
    issued_at bigint,
    lifetime bigint,
    expires_at bigint,
    deactivated_at bigint,
    reactivate_at bigint,
    revoked_at bigint,
    retired_at bigint,
    last_used_at bigint,
    last_used_by text,
    last_used_from text,
    last_pushed_at bigint,
    made_by text,
    version bigint NOT NULL,
    frozen_at bigint,
    work_lost_at bigint,
    retires_at bigint,
    dismissed_end_at bigint
);
CREATE TABLE versions (
    id text NOT NULL,
    package text NOT NULL,
    version text NOT NULL,
    version_key text NOT NULL,
    published_at bigint NOT NULL,
    published_by text NOT NULL,
    published_with text,
    published_hint text,
    unlisted_at bigint,
    removed_at bigint,
    size bigint NOT NULL,
    sha512 text NOT NULL,
    blob text NOT NULL,
    manifest text NOT NULL,
    downloads bigint NOT NULL,
    sort_key bytea
);
ALTER TABLE ONLY _sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY accounts
    ADD CONSTRAINT accounts_email_key_key UNIQUE (email_key);
ALTER TABLE ONLY accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY accounts
    ADD CONSTRAINT accounts_username_key_key UNIQUE (username_key);
ALTER TABLE ONLY attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (subject, window_at);
ALTER TABLE ONLY calendar_links
    ADD CONSTRAINT calendar_links_hash_key UNIQUE (hash);
ALTER TABLE ONLY calendar_links
    ADD CONSTRAINT calendar_links_pkey PRIMARY KEY (account);
ALTER TABLE ONLY events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY feeds
    ADD CONSTRAINT feeds_name_key UNIQUE (name);
ALTER TABLE ONLY feeds
    ADD CONSTRAINT feeds_pkey PRIMARY KEY (id);
ALTER TABLE ONLY installation
    ADD CONSTRAINT installation_pkey PRIMARY KEY (name);
ALTER TABLE ONLY job_runs
    ADD CONSTRAINT job_runs_pkey PRIMARY KEY (job, slot);
ALTER TABLE ONLY legacy_keys
    ADD CONSTRAINT legacy_keys_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY links
    ADD CONSTRAINT links_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY mails
    ADD CONSTRAINT mails_pkey PRIMARY KEY (id);
ALTER TABLE ONLY members
    ADD CONSTRAINT members_pkey PRIMARY KEY (feed, account);
ALTER TABLE ONLY notices
    ADD CONSTRAINT notices_kind_subject_occasion_key UNIQUE (kind, subject, occasion);
ALTER TABLE ONLY notices
    ADD CONSTRAINT notices_pkey PRIMARY KEY (id);
ALTER TABLE ONLY package_owners
    ADD CONSTRAINT package_owners_pkey PRIMARY KEY (package, account);
ALTER TABLE ONLY packages
    ADD CONSTRAINT packages_feed_kind_name_key_key UNIQUE (feed, kind, name_key);
ALTER TABLE ONLY packages
    ADD CONSTRAINT packages_pkey PRIMARY KEY (id);
ALTER TABLE ONLY refusals
    ADD CONSTRAINT refusals_pkey PRIMARY KEY (id);
ALTER TABLE ONLY sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id_hash);
ALTER TABLE ONLY sign_ups
    ADD CONSTRAINT sign_ups_pkey PRIMARY KEY (link);
ALTER TABLE ONLY token_days
    ADD CONSTRAINT token_days_pkey PRIMARY KEY (token, day);
ALTER TABLE ONLY token_places
    ADD CONSTRAINT token_places_pkey PRIMARY KEY (id);
ALTER TABLE ONLY token_secrets
    ADD CONSTRAINT token_secrets_form_key UNIQUE (form);
ALTER TABLE ONLY token_secrets
    ADD CONSTRAINT token_secrets_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY token_work
    ADD CONSTRAINT token_work_pkey PRIMARY KEY (id);
ALTER TABLE ONLY tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (id);
ALTER TABLE ONLY versions
    ADD CONSTRAINT versions_package_version_key_key UNIQUE (package, version_key);
ALTER TABLE ONLY versions
    ADD CONSTRAINT versions_pkey PRIMARY KEY (id);
CREATE INDEX accounts_operators ON accounts USING btree (id) WHERE ((operator_since IS NOT NULL) AND (disabled_at IS NULL));
CREATE INDEX attempts_by_age ON attempts USING btree (window_at);
CREATE INDEX events_by_actor ON events USING btree (actor, id) WHERE ((account IS NULL) OR (actor <> account));
CREATE INDEX events_by_hint ON events USING btree (hint, id);
CREATE INDEX events_by_package ON events USING btree (lower(package), id);
CREATE INDEX events_by_verb ON events USING btree (verb, id);
CREATE INDEX events_of_account ON events USING btree (account, id);
CREATE INDEX events_of_gone_accounts ON events USING btree (account) WHERE (verb = 'account deleted'::text);
CREATE INDEX events_of_sign_ins ON events USING btree (account, id) WHERE (verb = 'signed in'::text);
CREATE INDEX events_of_token ON events USING btree (token, id);
CREATE INDEX events_of_token_life ON events USING btree (token, id) WHERE (verb = ANY (ARRAY['token created'::text, 'token edited'::text, 'token refreshed'::text, 'token deactivated'::text, 'token reactivated'::text, 'token revoked'::text]));
CREATE INDEX job_runs_newest ON job_runs USING btree (began_at);
CREATE INDEX legacy_keys_in_use ON legacy_keys USING btree (shape) WHERE (token IS NOT NULL);
CREATE UNIQUE INDEX legacy_keys_of_token ON legacy_keys USING btree (token);
CREATE INDEX links_by_end ON links USING btree (expires_at);
CREATE INDEX links_of_account ON links USING btree (account);
CREATE INDEX mails_done ON mails USING btree (created_at) WHERE (state = ANY (ARRAY['sent'::text, 'failed'::text, 'dropped'::text]));
CREATE INDEX mails_failed ON mails USING btree (created_at) WHERE (state = 'failed'::text);
CREATE INDEX mails_of_account ON mails USING btree (account);
CREATE INDEX mails_open ON mails USING btree (id) WHERE (state = ANY (ARRAY['pending'::text, 'sending'::text, 'failed'::text]));
CREATE INDEX mails_to_send ON mails USING btree (urgency, next_at, id) WHERE (state = ANY (ARRAY['pending'::text, 'sending'::text]));
CREATE INDEX members_by_role ON members USING btree (feed, role);
CREATE INDEX members_of_account ON members USING btree (account);
CREATE INDEX notices_cancelled ON notices USING btree (due_at) WHERE (cancelled_at IS NOT NULL);
CREATE INDEX notices_due ON notices USING btree (due_at) WHERE ((mail IS NULL) AND (cancelled_at IS NULL));
CREATE INDEX notices_due_of_kind ON notices USING btree (kind, due_at, id) WHERE ((mail IS NULL) AND (cancelled_at IS NULL));
CREATE INDEX notices_due_to_account ON notices USING btree (account, due_at) WHERE ((mail IS NULL) AND (cancelled_at IS NULL));
CREATE INDEX notices_of_mail ON notices USING btree (mail) WHERE (mail IS NOT NULL);
CREATE INDEX notices_of_subject ON notices USING btree (subject);
CREATE INDEX package_owners_of_account ON package_owners USING btree (account);
CREATE INDEX packages_by_name ON packages USING btree (name_key, feed);
CREATE INDEX packages_names ON packages USING btree (feed, kind, name_key, name, id);
CREATE INDEX packages_without_newest ON packages USING btree (id) WHERE (newest IS NULL);
CREATE INDEX refusals_by_age ON refusals USING btree (last_at);
CREATE INDEX refusals_of_account ON refusals USING btree (account, last_at, id);
CREATE INDEX refusals_of_token ON refusals USING btree (token, last_at, id);
CREATE INDEX sessions_by_age ON sessions USING btree (seen_at);
CREATE INDEX sessions_by_beginning ON sessions USING btree (created_at);
CREATE INDEX sessions_of_account ON sessions USING btree (account);
CREATE INDEX sign_ups_by_age ON sign_ups USING btree (created_at);
CREATE INDEX token_days_by_age ON token_days USING btree (day);
CREATE INDEX token_places_by_age ON token_places USING btree (last_at);
CREATE INDEX token_places_newest ON token_places USING btree (token, last_at, id);
CREATE UNIQUE INDEX token_secrets_live ON token_secrets USING btree (token) WHERE (ended_at IS NULL);
CREATE INDEX token_secrets_of_token ON token_secrets USING btree (token);
CREATE INDEX token_work_by_age ON token_work USING btree (last_at);
CREATE INDEX token_work_newest ON token_work USING btree (token, last_at, id);
CREATE INDEX tokens_by_end ON tokens USING btree (account, (
CASE
    WHEN ((retires_at < expires_at) OR (expires_at IS NULL)) THEN retires_at
    ELSE expires_at
END), id, expires_at, retires_at, issued_at, deactivated_at, reactivate_at, revoked_at, last_used_at);
CREATE INDEX tokens_by_hint ON tokens USING btree (hint);
CREATE INDEX tokens_by_name ON tokens USING btree (account, name_key, id, expires_at, retires_at, issued_at, deactivated_at, reactivate_at, revoked_at, last_used_at);
CREATE INDEX tokens_by_revocation ON tokens USING btree (revoked_at) WHERE (revoked_at IS NOT NULL);
CREATE INDEX tokens_by_use ON tokens USING btree (account, last_used_at, id, expires_at, retires_at, issued_at, deactivated_at, reactivate_at, revoked_at);
CREATE INDEX tokens_deactivated ON tokens USING btree (account, deactivated_at) WHERE (deactivated_at IS NOT NULL);
CREATE INDEX tokens_endless ON tokens USING btree (account, expires_at, id, retires_at, issued_at, deactivated_at, reactivate_at, revoked_at, last_used_at) WHERE ((expires_at IS NULL) AND (retires_at IS NULL));
CREATE INDEX tokens_frozen ON tokens USING btree (account, id) WHERE ((frozen_at IS NOT NULL) AND (revoked_at IS NULL));
CREATE INDEX tokens_made_by ON tokens USING btree (made_by);
CREATE INDEX tokens_newest ON tokens USING btree (account, created_at, id, expires_at, retires_at, issued_at, deactivated_at, reactivate_at, revoked_at, last_used_at);
CREATE UNIQUE INDEX tokens_primary ON tokens USING btree (account) WHERE (kind = 'primary'::text);
CREATE INDEX tokens_revoked ON tokens USING btree (account, revoked_at) WHERE (revoked_at IS NOT NULL);
CREATE INDEX tokens_to_reactivate ON tokens USING btree (reactivate_at) WHERE (reactivate_at IS NOT NULL);
CREATE INDEX tokens_to_retire ON tokens USING btree (retires_at) WHERE ((retires_at IS NOT NULL) AND (retired_at IS NULL) AND (revoked_at IS NULL));
CREATE INDEX versions_in_order ON versions USING btree (package, sort_key);
CREATE INDEX versions_published_with_newest ON versions USING btree (published_with, id);
ALTER TABLE ONLY calendar_links
    ADD CONSTRAINT calendar_links_account_fkey FOREIGN KEY (account) REFERENCES accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY legacy_keys
    ADD CONSTRAINT legacy_keys_token_fkey FOREIGN KEY (token) REFERENCES tokens(id) ON DELETE SET NULL;
ALTER TABLE ONLY links
    ADD CONSTRAINT links_account_fkey FOREIGN KEY (account) REFERENCES accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY mails
    ADD CONSTRAINT mails_account_fkey FOREIGN KEY (account) REFERENCES accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY members
    ADD CONSTRAINT members_account_fkey FOREIGN KEY (account) REFERENCES accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY members
    ADD CONSTRAINT members_feed_fkey FOREIGN KEY (feed) REFERENCES feeds(id) ON DELETE CASCADE;
ALTER TABLE ONLY notices
    ADD CONSTRAINT notices_account_fkey FOREIGN KEY (account) REFERENCES accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY notices
    ADD CONSTRAINT notices_mail_fkey FOREIGN KEY (mail) REFERENCES mails(id) ON DELETE SET NULL;
ALTER TABLE ONLY package_owners
    ADD CONSTRAINT package_owners_account_fkey FOREIGN KEY (account) REFERENCES accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY package_owners
    ADD CONSTRAINT package_owners_package_fkey FOREIGN KEY (package) REFERENCES packages(id) ON DELETE CASCADE;
ALTER TABLE ONLY packages
    ADD CONSTRAINT packages_feed_fkey FOREIGN KEY (feed) REFERENCES feeds(id);
ALTER TABLE ONLY refusals
    ADD CONSTRAINT refusals_token_fkey FOREIGN KEY (token) REFERENCES tokens(id) ON DELETE CASCADE;
ALTER TABLE ONLY sessions
    ADD CONSTRAINT sessions_account_fkey FOREIGN KEY (account) REFERENCES accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY token_days
    ADD CONSTRAINT token_days_token_fkey FOREIGN KEY (token) REFERENCES tokens(id) ON DELETE CASCADE;
ALTER TABLE ONLY token_places
    ADD CONSTRAINT token_places_token_fkey FOREIGN KEY (token) REFERENCES tokens(id) ON DELETE CASCADE;
ALTER TABLE ONLY token_secrets
    ADD CONSTRAINT token_secrets_token_fkey FOREIGN KEY (token) REFERENCES tokens(id) ON DELETE CASCADE;
ALTER TABLE ONLY token_work
    ADD CONSTRAINT token_work_token_fkey FOREIGN KEY (token) REFERENCES tokens(id) ON DELETE CASCADE;
ALTER TABLE ONLY tokens
    ADD CONSTRAINT tokens_account_fkey FOREIGN KEY (account) REFERENCES accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY versions
    ADD CONSTRAINT versions_package_fkey FOREIGN KEY (package) REFERENCES packages(id) ON DELETE CASCADE;
INSERT INTO _sqlx_migrations VALUES (20261123000000, 'accounts and sessions', '2026-11-28 07:22:24.058629+00', true, '\x959ef64d76cd864067d5e2a608034cc03cd910344a0806ecc0059520b173c95fb8db351ec6df2f8813aa4b7abf4747f7', 27797560);
INSERT INTO _sqlx_migrations VALUES (20261123000100, 'tokens', '2026-11-28 07:22:24.08712+00', true, '\xb7e869fd8bf746def0f1754f2046f6072311d9dbde0a2f15fd5502f62b4d33435e1712768e917d51268c2a971b0b1aca', 27032931);
INSERT INTO _sqlx_migrations VALUES (20261123000200, 'feeds and packages', '2026-11-28 07:22:24.121396+00', true, '\xbb49d250a2fe0ce8873b99025ebb5f74a22f04f02138adf84467e1d5f76c5f6093e45bea3eb981368a6493e13f6b5b56', 36137332);
INSERT INTO _sqlx_migrations VALUES (20261123000300, 'notices and mails', '2026-11-28 07:22:24.15464+00', true, '\xdad7f6e105cc8b49d166bc040fe1537ff059f0934a34eb476ea9785eb803804af0c161969e0861f6d6d61d0da45a0994', 19466082);
INSERT INTO _sqlx_migrations VALUES (20261124000000, 'token pages', '2026-11-28 07:22:24.174553+00', true, '\xb7b8d788a8f0274accaf07fa0925cd43b40574f741f0759ff33147f32ee552943441287f948c5a0c01acdc65a675df93', 9140426);
INSERT INTO _sqlx_migrations VALUES (20261124000100, 'evidence', '2026-11-28 07:22:24.189943+00', true, '\xf340cd2fabf3b9b1bca6ff307015cdffa2f0ac13a6c27ffe9472b6378b733f840ffc5f6dfaebafb5dfd1d52ce603ce82', 28289463);
INSERT INTO _sqlx_migrations VALUES (20261124000200, 'token page', '2026-11-28 07:22:24.2254+00', true, '\x452373cea24d31105c5c16414e1c8535774e2ccb8d9be34b8b96c82b4af02ae9b91672415cc3f35d87baaa409c353c8f', 5892898);
INSERT INTO _sqlx_migrations VALUES (20261124000300, 'account settings', '2026-11-28 07:22:24.228109+00', true, '\x1b5a91e121459acccc7c939924eab02770bdecab518a284350b3e6998987e634f27db4c68f539e97534dbf60a3902396', 1384528);
INSERT INTO _sqlx_migrations VALUES (20261124000301, 'mailed links', '2026-11-28 07:22:24.229707+00', true, '\x284ea9abdaf47ce4fb34bcc70b619de7d96f64560f7e084b248737e8e1ceb1bf88d13804b4f4925360e6c309c99a20cf', 16358814);
INSERT INTO _sqlx_migrations VALUES (20261124000400, 'operator', '2026-11-28 07:22:24.246368+00', true, '\x25bbb4e573dc8f0613e936c16d074136642d91d04561fbfebc4b334eb12fa506946bf7fa37f00a6c7da611061d5ff5d1', 8780744);
INSERT INTO _sqlx_migrations VALUES (20261124000500, 'packages', '2026-11-28 07:22:24.255408+00', true, '\xf843f9290e04e2a1b3c07f1e06af3f7c85dc43e028e92e1e96c67ca05d9322f49002a362ce864903248a57c254c20202', 14676164);
INSERT INTO _sqlx_migrations VALUES (20261124000600, 'legacy', '2026-11-28 07:22:24.270385+00', true, '\xe2ac8f2f8b6abcc4fe521e3f9af538affed695d5b564695beca53f2c3eab2744076ca57dd32af96cb846015c5bca40cf', 33158976);
INSERT INTO _sqlx_migrations VALUES (20261124000700, 'speed', '2026-11-28 07:22:24.303921+00', true, '\x4f542d3d18b743da03c003413af2d341925a801f9dec5e6e16dc8f2817bb7d49a9805e144b59b5ee8247734b7024aa98', 9895799);
INSERT INTO _sqlx_migrations VALUES (20261124000800, 'reminders', '2026-11-28 07:22:24.317882+00', true, '\xa66aa2452fe89fe60489b10261f8f4bf7f89c144ee650eab339e7c68e1a38a7d8c2c6e57bb1a97f05cf7da61770291e4', 12396315);
INSERT INTO _sqlx_migrations VALUES (20261124000900, 'asked address', '2026-11-28 07:22:24.330558+00', true, '\xb371b97e065f0098ada0dc1fa8c96be4cbad40e57ca5a35321fb4b69cbf3812de36912ccfa5bee0ac0efd7ddafae9f8f', 3319498);
