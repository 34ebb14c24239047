import type { Clock } from '../../clock.ts';
import type { Refusal } from '../../errors.ts';
import type { GuardedFetch } from '../guarded-fetch.ts';
import type { TokenHeader } from '../header.ts';
import type { IssuerSpec } from '../issuer.ts';
import type { Candidates } from './key-index.ts';

export interface KeySetStatus {
  /** There are keys to verify with, young enough to be trusted. */
  readonly ready: boolean;
  /** Milliseconds since the Unix epoch; undefined before the first fetch, and for static key sets. */
  readonly fetchedAt: number | undefined;
  /** Why the latest fetch failed, safe to show; undefined after one that worked. */
  readonly lastError: string | undefined;
  /** What the operator should know of the keys, safe to show: some can't be used, or there are too many. */
  readonly notice: string | undefined;
}

/**
 * The keys of one issuer, in memory. Any number of calls at once lead to one fetch at a time, and
 * only so many wait for it. Keys once fetched go on serving while the issuer is down, up to
 * `maxKeyAgeSeconds`.
 */
export interface KeySet {
  /**
   * The keys that a token's header may mean. At once for keys that are known, so that the common
   * case makes no promise; a promise only where this token is worth waiting for a fetch.
   */
  keys(header: HeaderNames): Candidates | Refusal | Promise<Candidates | Refusal>;
  /**
   * For a token whose signature none of its keys made: issuers change a key and keep its name. What
   * the issuer publishes now, if this token is worth a fetch.
   */
  newer(header: HeaderNames): Newer | Promise<Newer>;
  /** Fetches if there are no keys yet. Resolves when done, successful or not. */
  prewarm(): Promise<void>;
  /** Starts a fetch in the background when the keys are due for one. */
  refreshIfDue(): void;
  status(): KeySetStatus;
  /** Ends a fetch under way; keys go on serving. */
  close(): void;
}

export type HeaderNames = Pick<TokenHeader, 'alg' | 'kid'>;

/** Keys to try. If there are none: seconds until another token may cause a fetch. */
export interface Newer {
  readonly keys: Candidates | Refusal | undefined;
  readonly retryAfterSeconds?: number;
}

export interface KeySetParts {
  /** The part of an issuer's configuration that its keys depend on. */
  readonly spec: Pick<IssuerSpec, 'keys' | 'algorithms' | 'maxKeyAgeSeconds'>;
  readonly clock: Clock;
  readonly fetch: GuardedFetch;
  /** How many may wait for a fetch at once. */
  readonly maxWaiting: number;
  /** Called with each new `KeySetStatus.notice` of fetched keys. */
  readonly onNotice: (notice: string) => void;
}
