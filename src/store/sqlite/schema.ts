/**
 * The history of the store's schema: step n brings a file from version n to n + 1 (`PRAGMA
 * user_version`). A step that was released is never edited; a change is a new step at the end.
 */
export const MIGRATIONS: readonly string[] = [
  // An event is kept exactly as it was recorded; what lists filter by is read out of it by the view,
  // when someone asks, at less than 1 µs a row. Columns or generated columns would cost every record
  // as much, and one index on a random value (request id, user) several times that: each row
  // touches a page of its own in it. The time index only ever grows at its end.
  `CREATE TABLE audit (
     id    INTEGER PRIMARY KEY AUTOINCREMENT,
     time  INTEGER NOT NULL, -- milliseconds since the Unix epoch
     event TEXT NOT NULL     -- JSON, see src/audit/event.ts
   ) STRICT;
   CREATE INDEX audit_time ON audit (time);
   CREATE VIEW audit_events AS
     SELECT id, time, event,
            event ->> '$.type'                AS type,
            event ->> '$.identity.issuerName' AS issuer,
            event ->> '$.identity.subject'    AS subject,
            event ->> '$.role'                AS role,
            event ->> '$.binding'             AS binding,
            event ->> '$.user'                AS user,
            event ->> '$.reason'              AS reason,
            event ->> '$.requestId'           AS request_id,
            coalesce(event ->> '$.identity.tokenHash', event ->> '$.tokenHash') AS token_hash
       FROM audit;
   CREATE TABLE single_use (
     issuer     TEXT NOT NULL,
     jti        TEXT NOT NULL,
     expires_at REAL NOT NULL, -- Unix seconds
     PRIMARY KEY (issuer, jti)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX single_use_expires_at ON single_use (expires_at);`,
  // Revisions come from one counter for all keys, so that a key which is deleted and made again never
  // has an old one. What is deleted stays for a while without its value: it carries the counter, and
  // tells followers.
  `CREATE TABLE state (
     key      TEXT PRIMARY KEY,
     value    TEXT, -- NULL: deleted
     revision INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE UNIQUE INDEX state_revision ON state (revision);
   CREATE TABLE forwarded (
     destination TEXT PRIMARY KEY,
     audit_id    INTEGER NOT NULL -- the last record that is known to have arrived there
   ) STRICT, WITHOUT ROWID;`,
  // Who has claimed, and not answered yet; NULL: it is answered.
  'ALTER TABLE single_use ADD COLUMN attempt TEXT;',
];

/** The version this program writes and reads. */
export const LATEST = MIGRATIONS.length;
