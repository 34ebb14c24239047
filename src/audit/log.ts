import type { AuditEvent } from './event.ts';

/** Which records to list. Times are milliseconds since the Unix epoch. */
export interface AuditFilter {
  readonly since?: number;
  readonly until?: number;
  readonly type?: AuditEvent['type'];
  /** Any of these types; an empty list matches no record. */
  readonly types?: readonly AuditEvent['type'][];
  readonly issuerName?: string;
  readonly subject?: string;
  readonly role?: string;
  readonly binding?: string;
  readonly user?: string;
  readonly requestId?: string;
  readonly reason?: string;
  readonly tokenHash?: string;
  /** How many records, the newest ones. */
  readonly limit?: number;
}

/**
 * Where decisions are recorded. An audit sink implements this port; see `sinks/`.
 *
 * `record` resolves once the event survives the death of this process (`kill -9`), and rejects if
 * it cannot be written; nothing is signed before it resolves. Calls made during a commit are
 * committed together, in order. Safe to call concurrently; after `close` it rejects.
 */
export interface AuditLog {
  record(event: AuditEvent): Promise<void>;
  /** Whether the last write worked; what `/readyz` asks. */
  healthy(): boolean;
  close(): Promise<void>;
}

/** An event in the form in which it is stored. */
export interface StoredRecord {
  readonly type: AuditEvent['type'];
  readonly time: number;
  /** The event, as `JSON.stringify` writes it. */
  readonly json: string;
}

/** A log that keeps the records of other processes, too. */
export interface RecordingLog extends AuditLog {
  /** The same as `record`. */
  append(record: StoredRecord): Promise<void>;
}

/** Which page of the log to read. */
export interface AuditPageAsk {
  /** Exact values and times; `limit` is ignored. */
  readonly filter: AuditFilter;
  /** Only records older than this position; an invalid position means the newest records. */
  readonly before?: string;
  /** Only records newer than this position, the closest ones. Ignored if `before` is set. */
  readonly after?: string;
  /** At most so many records. */
  readonly limit: number;
}

export interface AuditPage {
  /** Newest first. */
  readonly events: readonly AuditEvent[];
  /** `before` of the next page; undefined at the beginning of the log. */
  readonly older: string | undefined;
  /** `after` of the previous page; undefined at the end of the log. */
  readonly newer: string | undefined;
}

/** The reading side. Works while a writer runs, also from another process. */
export interface AuditReader {
  /** Oldest first. */
  list(filter: AuditFilter): Iterable<AuditEvent>;
  /**
   * Takes a few milliseconds, however large the log. If few records match, it stops early with
   * fewer than `limit` or none, and the next call continues from there.
   */
  page(ask: AuditPageAsk): AuditPage;
  close(): void;
}
