-- Words to rows of search_entries: those of names, of titles and tags, and all others. Nothing but blanks parts words.
CREATE VIRTUAL TABLE search_index USING fts5(names, marks, others,
content = '', contentless_delete = 1, detail = column, prefix = '1 2 3', tokenize = "ascii tokenchars '.-_/@#+'");
