-- People whom an operator added and who are yet to choose a password, by a link that lives a week.
ALTER TABLE accounts ADD COLUMN invited_at BIGINT;      -- the last time; none once they chose one
ALTER TABLE accounts ADD COLUMN invited_by TEXT;        -- account of the operator; kept when that one is deleted
CREATE INDEX accounts_invited ON accounts (username_key) WHERE invited_at IS NOT NULL;
