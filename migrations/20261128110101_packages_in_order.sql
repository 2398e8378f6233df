-- Lists of a feed show packages of every kind by name; a page of them costs the same however many there are.
CREATE INDEX packages_in_order ON packages (feed, name_key, kind);
