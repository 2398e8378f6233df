-- Since when an account has an address that nobody vouched for: whoever signed up typed it, and no mail was followed.
-- None for accounts that an operator made. Where there is a mail server it is confirmed before a token is created or
-- refreshed.
ALTER TABLE accounts ADD COLUMN unproven_since BIGINT;
UPDATE accounts SET unproven_since = created_at WHERE email_confirmed_at IS NULL AND operator_since IS NULL
    AND EXISTS (SELECT 1 FROM events e WHERE e.account = accounts.id AND e.actor = accounts.id
        AND e.verb IN ('account created', 'account.created'));
