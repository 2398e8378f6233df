-- Portable PDBs of published versions, as symbol packages brought them.
CREATE TABLE symbol_files (
    id TEXT NOT NULL PRIMARY KEY,       -- names the file in the package store
    version TEXT NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    file_key TEXT NOT NULL,             -- file name, ASCII lower case
    symbol_key TEXT NOT NULL,           -- 32 hexadecimal digits and ffffffff, lower case
    sha256 TEXT NOT NULL,               -- of the file with its id taken as zeros; hexadecimal
    UNIQUE (version, file_key, symbol_key)
);
CREATE INDEX symbol_files_asked_for ON symbol_files (symbol_key, file_key);
