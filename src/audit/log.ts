import type { AuditEvent } from './event.ts';

/** Which records to list. Times are milliseconds since the Unix epoch. */
export interface AuditFilter {
  readonly since?: number;
  readonly until?: number;
  readonly type?: AuditEvent['type'];
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

/** The reading side: oldest first. Works beside a running writer, from another process too. */
export interface AuditReader {
  list(filter: AuditFilter): Iterable<AuditEvent>;
  close(): void;
}
