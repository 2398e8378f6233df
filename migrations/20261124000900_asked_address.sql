-- The address that an account is to get once it is confirmed there, and since when; none if no other is asked for.
ALTER TABLE accounts ADD COLUMN asked_email TEXT;
ALTER TABLE accounts ADD COLUMN asked_email_at BIGINT;
