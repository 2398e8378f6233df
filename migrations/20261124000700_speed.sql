-- The names of a feed's packages are read from the index alone: a form shows what its patterns cover among thousands.
CREATE INDEX packages_names ON packages (feed, kind, name_key, name, id);
