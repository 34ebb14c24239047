import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { FetchFailed, type GuardedFetch } from './guarded-fetch.ts';
import type { TokenHeader } from './header.ts';
import type { IssuerSpec } from './issuer.ts';
import { indexKeys, type KeyIndex } from './key-index.ts';
import { fetchPublishedKeys, type PublishedSource } from './published-keys.ts';
import { show } from './show.ts';
import type { VerificationKey } from './signature.ts';
import { unknownKids } from './unknown-kids.ts';

export interface KeySetStatus {
  /** There are keys to verify with, young enough to be trusted. */
  readonly ready: boolean;
  /** Milliseconds since the Unix epoch; undefined before the first fetch, and for static key sets. */
  readonly fetchedAt: number | undefined;
  /** Why the latest fetch failed, safe to show; undefined after one that worked. */
  readonly lastError: string | undefined;
}

/**
 * The keys of one issuer, in memory. Any number of calls at once lead to one fetch at a time.
 * Keys once fetched go on serving while the issuer is down, up to `maxKeyAgeSeconds`.
 */
export interface KeySet {
  /**
   * The key that a token's header names. At once for a key that is known, so that the common case
   * makes no promise; a promise only where this token is worth waiting for a fetch.
   */
  key(header: HeaderNames): VerificationKey | Refusal | Promise<VerificationKey | Refusal>;
  /** Fetches when there are no keys yet. Resolves when that is over, however it went. */
  prewarm(): Promise<void>;
  /** Starts a fetch in the background when the keys are due for one. */
  refreshIfDue(): void;
  status(): KeySetStatus;
  /** Ends a fetch under way; keys go on serving. */
  close(): void;
}

type HeaderNames = Pick<TokenHeader, 'alg' | 'kid'>;

/** The part of an issuer's configuration that its keys depend on. */
type KeySetSpec = Pick<IssuerSpec, 'keys' | 'algorithms' | 'maxKeyAgeSeconds'>;

export interface KeySetParts {
  readonly spec: KeySetSpec;
  readonly clock: Clock;
  readonly fetch: GuardedFetch;
}

export function createKeySet({ spec, clock, fetch }: KeySetParts): KeySet {
  const { keys: source } = spec;
  return source.kind === 'static'
    ? staticKeySet(indexKeys(source.jwks.keys, spec.algorithms))
    : fetchedKeySet({ spec, clock, fetch, source });
}

function staticKeySet(keys: KeyIndex): KeySet {
  return {
    key: (header) => chosen(keys, header) ?? keyUnknown(header),
    prewarm: async () => {},
    refreshIfDue: () => {},
    status: () => ({
      ready: keys.size > 0,
      fetchedAt: undefined,
      lastError: keys.size > 0 ? undefined : NO_USABLE_KEY,
    }),
    close: () => {},
  };
}

const SECOND = 1_000;
/** Between fetches that tokens with unknown keys provoke. */
const COOLDOWN = 30 * SECOND;
/** How soon keys are fetched anew when all is well: what the issuer's Cache-Control says, within bounds. */
const REFRESH = { usual: 300 * SECOND, least: 60 * SECOND, most: 900 * SECOND };
/** Between tries while the issuer is down, doubling. */
const RETRY = { first: 1 * SECOND, most: 30 * SECOND };

function fetchedKeySet({
  spec,
  clock,
  fetch,
  source,
}: KeySetParts & { source: PublishedSource }): KeySet {
  const maxAge = spec.maxKeyAgeSeconds * SECOND;
  const unknown = unknownKids();
  const closing = new AbortController();
  let keys: KeyIndex | undefined;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let nextFetchAt = Number.NEGATIVE_INFINITY;
  let provokedAt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let lastError: string | undefined;
  let underWay: Promise<void> | undefined;

  /** The one fetch at a time; never rejects. */
  function fetchOnce(): Promise<void> {
    underWay ??= fetchKeys().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  async function fetchKeys(): Promise<void> {
    try {
      const published = await fetchPublishedKeys(source, fetch, closing.signal);
      keys = indexKeys(published.keys, spec.algorithms);
      fetchedAt = clock.now();
      nextFetchAt = fetchedAt + refreshAfter(published.maxAgeSeconds, maxAge);
      failures = 0;
      lastError = keys.size > 0 ? undefined : NO_USABLE_KEY;
    } catch (error) {
      nextFetchAt = clock.now() + Math.min(RETRY.first * 2 ** failures, RETRY.most);
      failures = Math.min(failures + 1, 10);
      lastError = error instanceof FetchFailed ? error.message : 'the key set could not be read';
    }
  }

  /** What was fetched, unless it has grown too old to be trusted. */
  function trusted(now: number): KeyIndex | undefined {
    return now - fetchedAt <= maxAge ? keys : undefined;
  }

  async function afterFetch(header: HeaderNames): Promise<VerificationKey | Refusal> {
    await fetchOnce();
    const now = clock.now();
    const known = trusted(now);
    if (known === undefined) return unavailable(now);
    const found = chosen(known, header);
    if (found !== undefined) return found;
    // A fetch that failed proves nothing about this name.
    if (failures > 0) return unavailable(now);
    unknown.remember(header, now);
    return keyUnknown(header);
  }

  function withoutKeys(header: HeaderNames, now: number) {
    return underWay === undefined && now < nextFetchAt ? unavailable(now) : afterFetch(header);
  }

  function withUnknownKey(header: HeaderNames, now: number) {
    if (unknown.remembers(header, now)) return keyUnknown(header);
    if (underWay !== undefined) return afterFetch(header);
    if (failures > 0 && now < nextFetchAt) return unavailable(now);
    const wait = provokedAt + COOLDOWN - now;
    if (wait > 0) return keyUnknown(header, Math.ceil(wait / SECOND));
    provokedAt = now;
    return afterFetch(header);
  }

  function unavailable(now: number): Refusal {
    return new Refusal(
      'issuer_unavailable',
      "The keys of the token's issuer can't be fetched right now.",
      {
        retryAfterSeconds: Math.max(1, Math.ceil((nextFetchAt - now) / SECOND)),
        ...(lastError !== undefined && { detail: lastError }),
      },
    );
  }

  function refreshIfDue(): void {
    if (underWay === undefined && clock.now() >= nextFetchAt) void fetchOnce();
  }

  return {
    key(header) {
      const now = clock.now();
      const known = trusted(now);
      if (known === undefined) return withoutKeys(header, now);
      if (now >= nextFetchAt) refreshIfDue();
      return chosen(known, header) ?? withUnknownKey(header, now);
    },
    prewarm: async () => {
      if (keys === undefined) await fetchOnce();
    },
    refreshIfDue,
    status() {
      const ready = (trusted(clock.now())?.size ?? 0) > 0;
      return { ready, fetchedAt: keys === undefined ? undefined : fetchedAt, lastError };
    },
    close: () => closing.abort(),
  };
}

const NO_USABLE_KEY = 'the key set holds no key that fits the allowed algorithms';

/** At the latest at half of the age at which keys stop serving, so that one failure harms nobody. */
function refreshAfter(maxAgeSeconds: number | undefined, maxKeyAge: number): number {
  const asked = maxAgeSeconds === undefined ? REFRESH.usual : maxAgeSeconds * SECOND;
  const bounded = Math.min(Math.max(asked, REFRESH.least), REFRESH.most);
  return Math.min(bounded, maxKeyAge / 2);
}

/** The key, or a refusal that no fetch could change; undefined when the key isn't known. */
function chosen(keys: KeyIndex, header: HeaderNames): VerificationKey | Refusal | undefined {
  const found = keys.find(header);
  return found === 'ambiguous' ? ambiguous(header) : found;
}

function ambiguous({ kid }: HeaderNames): Refusal {
  return new Refusal(
    'key_unknown',
    kid === undefined
      ? 'The token names no key ("kid"), and its issuer has several that it could mean.'
      : `The token's issuer has several keys named ${show(kid)}.`,
  );
}

function keyUnknown({ alg, kid }: HeaderNames, retryAfterSeconds?: number): Refusal {
  return new Refusal(
    'key_unknown',
    kid === undefined
      ? `The token's issuer has no key for ${alg}.`
      : `The token's issuer has no key named ${show(kid)} for ${alg}.`,
    retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
  );
}
