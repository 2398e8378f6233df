-- When a client fetched its token: its address then lets nobody in again, as long as it is good at all.
ALTER TABLE client_logins ADD COLUMN taken_at BIGINT;
