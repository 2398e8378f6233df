-- Since when a feed says of packages that a key does not cover that they are not there; none while it refuses them.
ALTER TABLE feeds ADD COLUMN passes_on_since BIGINT;
