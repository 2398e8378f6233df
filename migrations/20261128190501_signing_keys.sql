-- What container registries are told is signed with these; the private halves are encrypted with the master secret.
CREATE TABLE signing_keys (
    generation BIGINT PRIMARY KEY,
    sealed BYTEA NOT NULL,
    certificate TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    signs_from BIGINT NOT NULL
);
