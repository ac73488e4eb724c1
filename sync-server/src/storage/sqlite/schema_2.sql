-- Schema 2: the lane of large blobs. Their bytes lie in the folder beside this database, their receipts here.
CREATE TABLE files (
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    device BLOB NOT NULL,
    at     INTEGER NOT NULL,
    size   INTEGER NOT NULL,
    row    INTEGER NOT NULL REFERENCES rows (n)
) STRICT;

-- Uploads that are not whole yet: one for each device and blob, so that no device continues another's bytes.
CREATE TABLE uploads (
    device BLOB NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    size   INTEGER NOT NULL,
    begun  INTEGER NOT NULL,
    moved  INTEGER NOT NULL,
    PRIMARY KEY (device, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_moved ON uploads (moved);
CREATE INDEX uploads_sha256 ON uploads (sha256);

-- Bytes of the uploads that a device began on a day (days since the epoch, UTC).
CREATE TABLE upload_days (
    device BLOB NOT NULL,
    day    INTEGER NOT NULL,
    bytes  INTEGER NOT NULL,
    PRIMARY KEY (device, day)
) STRICT, WITHOUT ROWID;
