-- The types of the version that lists show, in lower case with a blank around each. A package without any is a dependency.
ALTER TABLE packages ADD COLUMN package_types TEXT NOT NULL DEFAULT ' dependency ';

-- Summaries of those that have one are made up anew by the first start.
UPDATE packages SET newest = NULL WHERE id IN (SELECT package FROM versions WHERE manifest LIKE '%"package_types":[%' AND manifest NOT LIKE '%"package_types":[]%');

-- What searches are read by, page by page.
CREATE INDEX packages_by_downloads ON packages (feed, kind, downloads DESC, name_key);
