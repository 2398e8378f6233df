-- Files that this installation began to write into its package store: what is there without a version and without a row
-- here, somebody else wrote. Rows go a while after the upload.
CREATE TABLE uploads (
    version TEXT NOT NULL PRIMARY KEY,  -- id of the version that the file was to be
    began_at BIGINT NOT NULL
);
CREATE INDEX uploads_by_age ON uploads (began_at);
