import { Refusal } from '../../errors.ts';
import { FetchFailed } from '../guarded-fetch.ts';
import { type Candidates, indexKeys, type KeyIndex } from './key-index.ts';
import { chosen, noSuchKey, noticeOf, whyEmpty } from './key-refusals.ts';
import type { HeaderNames, KeySet, KeySetParts, Newer } from './key-set.ts';
import { fetchPublishedKeys, type PublishedSource } from './published-keys.ts';
import { unknownKids } from './unknown-kids.ts';

const SECOND = 1_000;
/** Between fetches that tokens provoke, by an unknown key or a signature that does not hold. */
const COOLDOWN = 30 * SECOND;
/** How soon keys are fetched anew when all is well: what the issuer's Cache-Control says, within bounds. */
const REFRESH = { usual: 300 * SECOND, least: 60 * SECOND, most: 900 * SECOND };
/** Between tries while the issuer is down, doubling. */
const RETRY = { first: 1 * SECOND, most: 30 * SECOND };

export function fetchedKeySet(
  { spec, clock, fetch, maxWaiting, onNotice }: KeySetParts,
  source: PublishedSource,
): KeySet {
  const maxAge = spec.maxKeyAgeSeconds * SECOND;
  const unknown = unknownKids();
  const closing = new AbortController();
  let keys: KeyIndex | undefined;
  let notice: string | undefined;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let nextFetchAt = Number.NEGATIVE_INFINITY;
  let provokedAt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let lastError: string | undefined;
  let underWay: Promise<void> | undefined;
  let waiting = 0;

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
      lastError = whyEmpty(keys);
      takeNotice(noticeOf(keys));
    } catch (error) {
      nextFetchAt = clock.now() + Math.min(RETRY.first * 2 ** failures, RETRY.most);
      failures = Math.min(failures + 1, 10);
      lastError = error instanceof FetchFailed ? error.message : 'the key set could not be read';
    }
  }

  function takeNotice(next: string | undefined): void {
    if (next !== undefined && next !== notice) onNotice(next);
    notice = next;
  }

  /** What was fetched, unless it has grown too old to be trusted. */
  function trusted(now: number): KeyIndex | undefined {
    return now - fetchedAt <= maxAge ? keys : undefined;
  }

  /**
   * Why nobody more waits for the fetch: enough do already, or the issuer has failed before and is
   * not known to be back. It may hang, and those who wait keep connections open.
   */
  function crowded(): string | undefined {
    if (waiting >= maxWaiting) return `${waiting} requests already wait for these keys`;
    return underWay !== undefined && failures > 0 ? lastError : undefined;
  }

  async function waited(): Promise<void> {
    waiting += 1;
    try {
      await fetchOnce();
    } finally {
      waiting -= 1;
    }
  }

  function afterFetch(header: HeaderNames): Refusal | Promise<Candidates | Refusal> {
    const why = crowded();
    return why === undefined ? waited().then(() => fresh(header)) : unavailable(clock.now(), why);
  }

  function fresh(header: HeaderNames): Candidates | Refusal {
    const now = clock.now();
    const known = trusted(now);
    if (known === undefined) return unavailable(now);
    const found = chosen(known, header);
    if (found !== undefined) return found;
    // A fetch that failed proves nothing about this name.
    if (failures > 0) return unavailable(now);
    unknown.remember(header, now);
    return noSuchKey(header, known);
  }

  /** Milliseconds until a token may provoke a fetch. */
  function cooldown(now: number): number {
    return Math.max(0, provokedAt + COOLDOWN - now);
  }

  function withUnknownKey(header: HeaderNames, known: KeyIndex, now: number) {
    if (unknown.remembers(header, now)) return noSuchKey(header, known);
    if (underWay !== undefined) return afterFetch(header);
    if (failures > 0 && now < nextFetchAt) return unavailable(now);
    const wait = cooldown(now);
    if (wait > 0) return noSuchKey(header, known, Math.ceil(wait / SECOND));
    provokedAt = now;
    return afterFetch(header);
  }

  function unavailable(now: number, detail = lastError): Refusal {
    return new Refusal(
      'issuer_unavailable',
      "The keys of the token's issuer cannot be fetched right now.",
      {
        retryAfterSeconds: Math.max(1, Math.ceil((nextFetchAt - now) / SECOND)),
        ...(detail !== undefined && { detail }),
      },
    );
  }

  function refreshIfDue(): void {
    if (underWay === undefined && clock.now() >= nextFetchAt) void fetchOnce();
  }

  return {
    keys(header) {
      const now = clock.now();
      const known = trusted(now);
      if (known === undefined) {
        return underWay === undefined && now < nextFetchAt ? unavailable(now) : afterFetch(header);
      }
      if (now >= nextFetchAt) refreshIfDue();
      return chosen(known, header) ?? withUnknownKey(header, known, now);
    },
    newer(header): Newer | Promise<Newer> {
      const now = clock.now();
      if (underWay === undefined) {
        if (failures > 0 && now < nextFetchAt) return { keys: undefined };
        const wait = cooldown(now);
        if (wait > 0) return { keys: undefined, retryAfterSeconds: Math.ceil(wait / SECOND) };
      }
      if (crowded() !== undefined) return { keys: undefined, retryAfterSeconds: 1 };
      if (underWay === undefined) provokedAt = now;
      // After a fetch that failed these are the keys from before it.
      return waited().then(() => ({ keys: failures > 0 ? undefined : fresh(header) }));
    },
    prewarm: async () => {
      if (keys === undefined) await fetchOnce();
    },
    refreshIfDue,
    status() {
      const ready = (trusted(clock.now())?.size ?? 0) > 0;
      return { ready, fetchedAt: keys === undefined ? undefined : fetchedAt, lastError, notice };
    },
    close: () => closing.abort(),
  };
}

/** At the latest at half of the age at which keys stop serving, so that one failure harms nobody. */
function refreshAfter(maxAgeSeconds: number | undefined, maxKeyAge: number): number {
  const asked = maxAgeSeconds === undefined ? REFRESH.usual : maxAgeSeconds * SECOND;
  const bounded = Math.min(Math.max(asked, REFRESH.least), REFRESH.most);
  return Math.min(bounded, maxKeyAge / 2);
}
