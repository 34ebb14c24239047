import type { AuditEvent } from './event.ts';

/** Which records to list. Times are milliseconds since the Unix epoch. */
export interface AuditFilter {
  readonly since?: number;
  readonly until?: number;
  readonly type?: AuditEvent['type'];
  /** Any of these; none of them: no record. */
  readonly types?: readonly AuditEvent['type'][];
  readonly issuerName?: string;
  readonly subject?: string;
  readonly role?: string;
  readonly binding?: string;
  readonly user?: string;
  readonly requestId?: string;
  readonly reason?: string;
  readonly tokenHash?: string;
  /** The newest so many. */
  readonly limit?: number;
}

/**
 * Where decisions are written down.
 *
 * `record` resolves once the event survives the death of this process (`kill -9`), and rejects when
 * it can't be written; nothing is signed before it resolves. Calls made while a commit is under way
 * are committed together; order is kept. Safe to call concurrently; after `close` it rejects.
 */
export interface AuditLog {
  record(event: AuditEvent): Promise<void>;
  /** Whether the last write worked; what `/readyz` asks. */
  healthy(): boolean;
  close(): Promise<void>;
}

/** A stretch of the log, for leafing through it. */
export interface AuditPageAsk {
  /** Exact values, and times; `limit` is ignored. */
  readonly filter: AuditFilter;
  /** Only records older than this place; one that is no place means the newest records. */
  readonly before?: string;
  /** Only records newer than this place, those next to it. Ignored beside `before`. */
  readonly after?: string;
  /** At most so many records. */
  readonly limit: number;
}

export interface AuditPage {
  /** Newest first. */
  readonly events: readonly AuditEvent[];
  /** `before` of the page that follows; undefined at the log's beginning. */
  readonly older: string | undefined;
  /** `after` of the page ahead; undefined at the log's end. */
  readonly newer: string | undefined;
}

/** The reading side. Works beside a running writer, from another process too. */
export interface AuditReader {
  /** Oldest first. */
  list(filter: AuditFilter): Iterable<AuditEvent>;
  /**
   * Takes a few milliseconds, however large the log: where few records fit the filter it stops
   * early, with fewer than `limit` or none at all, and goes on from there when asked for the next.
   */
  page(ask: AuditPageAsk): AuditPage;
  close(): void;
}
