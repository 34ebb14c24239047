/**
 * The history of the store's schema: step n brings a file from version n to n + 1 (`PRAGMA
 * user_version`). A step that was released is never edited; a change is a new step at the end.
 */
export const MIGRATIONS: readonly string[] = [
  // An event is kept exactly as it was recorded. What lists filter by is read out of it when asked
  // for, at 0.7 µs a row: the time index alone keeps a record at 8 µs, whereas one index on a random
  // value (request id, user) touches a page of its own for every row and makes it several times that.
  `CREATE TABLE audit (
     id         INTEGER PRIMARY KEY AUTOINCREMENT,
     time       INTEGER NOT NULL, -- milliseconds since the Unix epoch
     event      TEXT NOT NULL,    -- JSON, see src/audit/event.ts
     type       TEXT GENERATED ALWAYS AS (event ->> '$.type') VIRTUAL,
     issuer     TEXT GENERATED ALWAYS AS (event ->> '$.identity.issuerName') VIRTUAL,
     subject    TEXT GENERATED ALWAYS AS (event ->> '$.identity.subject') VIRTUAL,
     role       TEXT GENERATED ALWAYS AS (event ->> '$.role') VIRTUAL,
     binding    TEXT GENERATED ALWAYS AS (event ->> '$.binding') VIRTUAL,
     user       TEXT GENERATED ALWAYS AS (event ->> '$.user') VIRTUAL,
     reason     TEXT GENERATED ALWAYS AS (event ->> '$.reason') VIRTUAL,
     request_id TEXT GENERATED ALWAYS AS (event ->> '$.requestId') VIRTUAL,
     token_hash TEXT GENERATED ALWAYS AS
       (coalesce(event ->> '$.identity.tokenHash', event ->> '$.tokenHash')) VIRTUAL
   ) STRICT;
   CREATE INDEX audit_time ON audit (time);`,
];

/** The version this program writes and reads. */
export const LATEST = MIGRATIONS.length;
