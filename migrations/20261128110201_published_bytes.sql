-- What an account has published counts against its quota; the sum is read from the index alone.
CREATE INDEX versions_published_by ON versions (published_by, removed_at, size);
