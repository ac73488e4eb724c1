-- Schema 1 of a phone's file. One file holds everything, so that one transaction makes an action, its blob and its
-- mention in a list durable together (design 4). Raw changes and facts are the authority; docs.max_*, heads,
-- order_list, order_refs, search_entries, search_index and snapshots can be rebuilt from them.

-- One row a document that this phone knows by name, in scope or not.
CREATE TABLE docs (
  id        INTEGER PRIMARY KEY,
  name      TEXT    NOT NULL UNIQUE,
  family    TEXT    NOT NULL,
  -- 1 while the server says that this engineer may read it, or this phone writes it.
  in_scope  INTEGER NOT NULL DEFAULT 1,
  -- Wall clock (ms) when the server's removal arrived; the document stays while anything in it is unsent or started.
  removed_at INTEGER,
  -- 1 once own work began here (I16).
  started   INTEGER NOT NULL DEFAULT 0,
  max_op    INTEGER NOT NULL DEFAULT 0,
  max_n     INTEGER NOT NULL DEFAULT 0,
  -- Counts removals of changes (quarantine, purge): a loaded document of another epoch is stale.
  epoch     INTEGER NOT NULL DEFAULT 0
) STRICT;
-- The digest at the end of every exchange reads the whole scope by name.
CREATE INDEX docs_scope ON docs(name) WHERE in_scope = 1;
CREATE INDEX docs_family ON docs(family);

-- Changes that passed the gate and whose ancestors are all here. id order is causal.
CREATE TABLE changes (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  hash       BLOB    NOT NULL,
  doc        INTEGER NOT NULL REFERENCES docs(id),
  actor      BLOB    NOT NULL,
  seq        INTEGER NOT NULL,
  op         INTEGER NOT NULL,
  n          INTEGER NOT NULL,
  key        BLOB    NOT NULL,
  -- Hashes of the dependencies, 32 bytes each, one after the other.
  deps       BLOB    NOT NULL,
  bytes      BLOB    NOT NULL,
  -- 0 own_unsent, 1 own_sent (the server's receipt is stored), 2 foreign.
  state      INTEGER NOT NULL CHECK (state IN (0, 1, 2)),
  -- The server's row number, once known.
  server_row INTEGER,
  -- Value in the outbox: 0 a sealed report, 1 facts of finished work, 2 the rest.
  value      INTEGER NOT NULL DEFAULT 2,
  -- 1 while the server holds it parked, 2 or 3 where it postponed it: no acknowledgement, it stays in the outbox.
  parked_there INTEGER NOT NULL DEFAULT 0
) STRICT;
-- Equal facts of one action in two new documents are equal bytes: a hash is unique within its document only.
CREATE UNIQUE INDEX changes_hash ON changes(hash, doc);
CREATE UNIQUE INDEX changes_actor ON changes(doc, actor, seq);
CREATE INDEX changes_key ON changes(doc, key);
CREATE INDEX changes_unsent ON changes(doc, id) WHERE state = 0;
CREATE INDEX changes_row ON changes(server_row) WHERE server_row IS NOT NULL;

-- Heads of each document: changes that no other change here depends on.
CREATE TABLE heads (
  doc  INTEGER NOT NULL REFERENCES docs(id),
  hash BLOB    NOT NULL,
  PRIMARY KEY (doc, hash)
) STRICT, WITHOUT ROWID;

-- The action string of each change, so that folding loads no Automerge document.
CREATE TABLE facts (
  change INTEGER PRIMARY KEY REFERENCES changes(id),
  doc    INTEGER NOT NULL REFERENCES docs(id),
  key    BLOB    NOT NULL,
  text   TEXT    NOT NULL
) STRICT;
CREATE INDEX facts_doc ON facts(doc);

-- Blobs that a change's facts name.
CREATE TABLE blob_refs (
  change INTEGER NOT NULL REFERENCES changes(id),
  sha256 BLOB    NOT NULL,
  PRIMARY KEY (change, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_refs_sha256 ON blob_refs(sha256);

-- Well-formed changes whose dependencies are not here yet: kept durably, without effect.
CREATE TABLE parked (
  hash  BLOB NOT NULL,
  doc   TEXT NOT NULL,
  bytes BLOB NOT NULL,
  -- As changes.state: what it becomes when it fits.
  state INTEGER NOT NULL CHECK (state IN (0, 1, 2)),
  -- The first hash that it waits for.
  needs BLOB NOT NULL,
  PRIMARY KEY (hash, doc)
) STRICT, WITHOUT ROWID;
CREATE INDEX parked_needs ON parked(needs);

-- What the gate here or the server refused. Own actions keep their string, so that nothing is lost.
CREATE TABLE quarantine (
  hash   BLOB NOT NULL,
  doc    TEXT NOT NULL,
  bytes  BLOB NOT NULL,
  own    INTEGER NOT NULL,
  -- Code of the reason.
  reason TEXT NOT NULL,
  -- Wall clock, ms.
  at     INTEGER NOT NULL,
  PRIMARY KEY (hash, doc)
) STRICT, WITHOUT ROWID;

-- Compacted save() bytes: a cache for loading a document to write; holds the changes up to this id.
CREATE TABLE snapshots (
  doc   INTEGER PRIMARY KEY REFERENCES docs(id),
  upto  INTEGER NOT NULL,
  bytes BLOB    NOT NULL
) STRICT;

-- Sealed files, audited bytes, packs. Up to 16 KB inline, larger ones in chunks.
CREATE TABLE blobs (
  sha256     BLOB PRIMARY KEY,
  -- Length in bytes; NULL while only wanted.
  size       INTEGER,
  bytes      BLOB,
  -- 0 own_unsent, 1 own_sent, 2 foreign, 3 wanted (a fact names it, it is not here), 4 unavailable.
  state      INTEGER NOT NULL CHECK (state IN (0, 1, 2, 3, 4)),
  server_row INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX blobs_state ON blobs(state) WHERE state IN (0, 3);
CREATE TABLE blob_chunks (
  sha256 BLOB    NOT NULL,
  place  INTEGER NOT NULL,
  bytes  BLOB    NOT NULL,
  PRIMARY KEY (sha256, place)
) STRICT;

-- Photos that were taken with this phone, or fetched to it. Their bytes lie in blobs and blob_chunks under the same
-- hash. A row without them is a photo whose bytes were let go (I9) or are on their way; chunks without blobs and
-- without this are what an interrupted intake left, and are swept at the next open.
CREATE TABLE photos (
  id         INTEGER PRIMARY KEY,
  sha256     BLOB    NOT NULL UNIQUE,
  size       INTEGER NOT NULL,
  -- A small JPEG for lists; stays when the bytes go.
  thumbnail  BLOB    NOT NULL,
  -- 1 where it was taken here: this phone owes it to the server.
  own        INTEGER NOT NULL CHECK (own IN (0, 1)),
  -- Bytes that the server said are on its disk; NULL before the upload was begun.
  sent       INTEGER,
  -- The receipt: row of the whole photo in the server's sequence.
  server_row INTEGER
) STRICT;
CREATE INDEX photos_owed ON photos(id) WHERE own = 1 AND server_row IS NULL;
-- The orders for which a photo was taken here: «3 of 12 on the server».
CREATE TABLE photo_orders (
  "order" TEXT NOT NULL,
  sha256  BLOB NOT NULL,
  PRIMARY KEY ("order", sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX photo_orders_sha256 ON photo_orders(sha256);

-- Unsent changes in the order in which they are worth sending: documents by their most valuable unsent change,
-- causal order inside each.
CREATE VIEW outbox AS
  SELECT c.id AS change, d.id AS doc, d.name AS name, c.hash AS hash, length(c.bytes) AS size, c.value AS value,
         c.parked_there AS parked_there,
         MIN(c.value) OVER (PARTITION BY c.doc) AS doc_value,
         MIN(c.id)    OVER (PARTITION BY c.doc) AS doc_first
  FROM changes c JOIN docs d ON d.id = c.doc
  WHERE c.state = 0
  ORDER BY doc_value, doc_first, doc, change;

-- Keystrokes of forms that are not saved yet.
CREATE TABLE drafts (
  key   TEXT PRIMARY KEY,
  bytes BLOB NOT NULL,
  -- Wall clock, ms.
  at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Where this phone stands with its server; one row.
CREATE TABLE cursor (
  one         INTEGER PRIMARY KEY CHECK (one = 1),
  -- CBOR of wire::Position; NULL before the first sync.
  position    BLOB,
  -- Rows up to here are in two backups.
  backed_up   INTEGER,
  -- Wall clock (ms) of the last complete sync.
  last_sync   INTEGER,
  -- Server time minus wall clock at the last contact, its uncertainty (ms), and the boot in which it was measured.
  offset_ms   INTEGER,
  offset_err  INTEGER,
  offset_boot INTEGER,
  -- Why repair is needed: NULL, 'lineage' or 'digest'.
  mismatch    TEXT
) STRICT;
INSERT INTO cursor (one) VALUES (1);

-- The newest proof (MAC) for each maximal hash of a document.
CREATE TABLE proofs (
  doc  INTEGER NOT NULL REFERENCES docs(id),
  hash BLOB    NOT NULL,
  mac  BLOB    NOT NULL,
  PRIMARY KEY (doc, hash)
) STRICT, WITHOUT ROWID;

-- Who this installation is; one row once enrolled (or while enrolling: a key without certificate).
CREATE TABLE identity (
  one         INTEGER PRIMARY KEY CHECK (one = 1),
  -- Ed25519 secret key, 32 bytes.
  device_key  BLOB NOT NULL,
  -- First 8 bytes of SHA-256 of the public key.
  tag         BLOB NOT NULL,
  -- Random; tells a restored copy of this file from the original.
  install     BLOB NOT NULL,
  server_url  TEXT,
  token       TEXT,
  -- Canonical bytes of the certificate.
  certificate BLOB,
  user        TEXT,
  device      TEXT,
  device_name TEXT,
  -- 1 once the server said that this device is revoked.
  revoked     INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The list of work orders, one row each, JSON of engine::OrderRow; written in the transaction of its facts.
CREATE TABLE order_list (
  id   TEXT PRIMARY KEY,
  sort TEXT NOT NULL,
  row  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX order_list_sort ON order_list(sort);
-- Documents that an order's row shows: when one changes, the row is made again.
CREATE TABLE order_refs (
  id   TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_refs_name ON order_refs(name);

-- What can be found: one entry a document, its words as bigrams in search_index under the same rowid.
CREATE TABLE search_entries (
  id    INTEGER PRIMARY KEY,
  name  TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  body  TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE search_index USING fts5(words, content = '', contentless_delete = 1, tokenize = 'unicode61');

-- Version of the code that made the projections; another one rebuilds them at open.
CREATE TABLE projections (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL
) STRICT;
INSERT INTO projections (one, version) VALUES (1, 0);
