-- Schema 1. Numbered migrations only add files; this one never changes once a release has carried it.
CREATE TABLE docs (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    family  TEXT NOT NULL,
    op      INTEGER NOT NULL DEFAULT 0,
    n       INTEGER NOT NULL DEFAULT 0,
    heads   BLOB NOT NULL DEFAULT x'',
    changes INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX docs_family ON docs (family, n);

-- The one sequence: changes, grants, removals, revocations, purges, blob receipts.
CREATE TABLE rows (
    n        INTEGER PRIMARY KEY,
    kind     INTEGER NOT NULL,
    doc      INTEGER REFERENCES docs (id),
    hash     BLOB NOT NULL CHECK (length(hash) = 32),
    tag      BLOB NOT NULL CHECK (length(tag) = 16),
    engineer BLOB,
    device   BLOB
) STRICT;
CREATE INDEX rows_grants ON rows (engineer, doc, n) WHERE kind = 2;

-- Accepted changes: the authority. `text` is the action's string, which the fold reads.
CREATE TABLE changes (
    row         INTEGER PRIMARY KEY REFERENCES rows (n),
    doc         INTEGER NOT NULL REFERENCES docs (id),
    hash        BLOB NOT NULL,
    actor       BLOB NOT NULL,
    seq         INTEGER NOT NULL,
    op          INTEGER NOT NULL,
    n           INTEGER NOT NULL,
    key         BLOB NOT NULL,
    deps        BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    text        TEXT NOT NULL,
    bytes       BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX changes_hash ON changes (doc, hash);
CREATE INDEX changes_key ON changes (doc, key);
CREATE UNIQUE INDEX changes_actor ON changes (doc, actor, seq);

CREATE TABLE scope (
    engineer BLOB NOT NULL,
    doc      INTEGER NOT NULL REFERENCES docs (id),
    reason   TEXT NOT NULL,
    PRIMARY KEY (engineer, doc, reason)
) STRICT, WITHOUT ROWID;
CREATE INDEX scope_reason ON scope (reason, engineer, doc);
CREATE INDEX scope_doc ON scope (doc, reason);

CREATE TABLE parked (
    doc    INTEGER NOT NULL REFERENCES docs (id),
    hash   BLOB NOT NULL,
    device BLOB NOT NULL,
    user   BLOB NOT NULL,
    tag    BLOB NOT NULL,
    at     INTEGER NOT NULL,
    bytes  BLOB NOT NULL,
    PRIMARY KEY (doc, hash)
) STRICT;
CREATE INDEX parked_device ON parked (device);
CREATE TABLE parked_needs (
    doc  INTEGER NOT NULL,
    need BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (doc, need, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX parked_needs_hash ON parked_needs (doc, hash);

CREATE TABLE quarantine (
    doc    TEXT NOT NULL,
    hash   BLOB NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    device BLOB,
    user   BLOB,
    tag    BLOB,
    at     INTEGER NOT NULL,
    bytes  BLOB,
    PRIMARY KEY (doc, hash)
) STRICT;
CREATE INDEX quarantine_device ON quarantine (device);
CREATE INDEX quarantine_at ON quarantine (at);

-- Blobs of up to 16 KB commit with the change that names them.
CREATE TABLE blobs (
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    device BLOB,
    at     INTEGER NOT NULL,
    size   INTEGER NOT NULL,
    named  INTEGER NOT NULL DEFAULT 0,
    bytes  BLOB NOT NULL
) STRICT;
CREATE INDEX blobs_unnamed ON blobs (device, size) WHERE named = 0;
-- Documents whose facts name a blob; `writer` is the document's engineer, none for the office's.
CREATE TABLE blob_names (
    sha256 BLOB NOT NULL,
    doc    INTEGER NOT NULL REFERENCES docs (id),
    writer BLOB,
    PRIMARY KEY (sha256, doc)
) STRICT, WITHOUT ROWID;
-- Engineers who sent the blob's bytes, or could read it when they named it.
CREATE TABLE blob_holders (
    sha256 BLOB NOT NULL,
    user   BLOB NOT NULL,
    PRIMARY KEY (sha256, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
    engineer   BLOB NOT NULL,
    assignment TEXT NOT NULL,
    doc        TEXT NOT NULL,
    row        INTEGER NOT NULL,
    PRIMARY KEY (engineer, assignment)
) STRICT, WITHOUT ROWID;

CREATE TABLE devices (
    id          BLOB PRIMARY KEY,
    user        BLOB NOT NULL,
    tag         BLOB NOT NULL UNIQUE CHECK (length(tag) = 8),
    public_key  BLOB NOT NULL CHECK (length(public_key) = 32),
    certificate BLOB NOT NULL,
    token_hash  BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    name        TEXT NOT NULL,
    start       INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    revoked_at  INTEGER,
    last_seen   INTEGER
) STRICT;
CREATE TABLE settings (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE numbers (series TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;
