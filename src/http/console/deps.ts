import type { AuditEvent } from '../../audit/event.ts';
import type { Admin } from '../admin/actions.ts';
import type { LoginDeps } from '../deps.ts';
import type { PartStatus } from '../service-routes.ts';
import type { Answers } from './live/shared-answers.ts';

/** The part of the console that a change concerns. */
export type ConsolePart = 'keys' | 'activity' | 'credentials' | 'revocations' | 'configuration';

export interface ActivityAsk {
  readonly type?: AuditEvent['type'];
  /** Any of these. */
  readonly types?: readonly AuditEvent['type'][];
  readonly issuerName?: string;
  readonly subject?: string;
  readonly role?: string;
  readonly reason?: string;
  /** Records older than this place: `next` of the answer before. */
  readonly before?: string;
  /** Records newer than this place: `newer` of the answer before. */
  readonly after?: string;
  readonly limit: number;
}

export interface ActivityAnswer {
  /** Newest first. */
  readonly events: readonly AuditEvent[];
  /**
   * Absent: there are no older ones. If few records match, an answer may have fewer than `limit`
   * events, or none, and still a next.
   */
  readonly next: string | undefined;
  /** Absent: there are no newer ones. */
  readonly newer?: string | undefined;
}

export interface ConfigurationWarning {
  readonly id: string;
  /** Dotted path in the file. */
  readonly path: string;
  readonly line?: number;
  readonly message: string;
  /** A note is informational; absent: a warning. */
  readonly level?: 'warning' | 'note';
}

interface ConfiguredNames {
  readonly issuers: readonly string[];
  readonly roles: readonly string[];
  readonly bindings: readonly string[];
  readonly accounts: readonly string[];
}

/** What the console gets besides the actions of administrators. */
export interface ConsoleSource {
  readonly admin: Admin;
  /** Records of this process's audit log. Synchronous and fast, whatever the log's size. */
  activity(ask: ActivityAsk): ActivityAnswer;
  /** Of the configuration in force. */
  warnings(): readonly ConfigurationWarning[];
  /** Names in the configuration in force. */
  names(): ConfiguredNames;
  /** Reports each change, at once and possibly often. Call the result to stop. */
  follow(listener: (part: ConsolePart) => void): () => void;
}

/** What the console gets. */
export interface ConsoleDeps extends LoginDeps {
  readonly console: ConsoleSource;
  /** As `/readyz` reports it. */
  readonly status?: () => Readonly<Record<string, PartStatus>>;
}

/** What its pages get. */
export interface ConsolePageDeps extends ConsoleDeps {
  readonly answers: Answers;
}
