import { ResolverUnreachable } from './resolver.ts';
import type { TrustedIssuers } from './trust.ts';

/**
 * Whom the operator trusts by now. `met`: issuers of account JWTs that were just seen; one that was
 * never heard of is asked about at once. Any number of calls may be made at once: they wait for one
 * answer.
 */
export type FreshTrust = (met?: ReadonlySet<string>) => Promise<TrustedIssuers>;

/** An operator takes a signing key back; who holds it is trusted for so much longer. */
const ASK_AGAIN_MILLISECONDS = 60_000;
/** So long the last answer stands while there is none. */
const STANDS_MILLISECONDS = 600_000;
const STRANGERS_REMEMBERED = 1000;

interface Known {
  readonly issuers: TrustedIssuers;
  readonly answeredAt: number;
  askedAt: number;
}

/** Asks again every minute. Throws what `ask` throws; `ResolverUnreachable` only once that has lasted. */
export function freshTrust({
  ask,
  monotonic,
}: {
  readonly ask: () => Promise<TrustedIssuers>;
  /** Milliseconds of a clock that is never set. */
  readonly monotonic: () => number;
}): FreshTrust {
  let known: Known | undefined;
  let strangers = new Set<string>();
  let asking: Promise<TrustedIssuers> | undefined;

  async function askNow(): Promise<TrustedIssuers> {
    const askedAt = monotonic();
    try {
      known = { issuers: await ask(), answeredAt: askedAt, askedAt };
    } catch (error) {
      const stands = known && askedAt - known.answeredAt < STANDS_MILLISECONDS;
      if (!known || !stands || !(error instanceof ResolverUnreachable)) throw error;
      known.askedAt = askedAt;
    }
    return known.issuers;
  }

  return async (met = new Set()) => {
    const isFamiliar = (issuer: string) => known?.issuers.has(issuer) || strangers.has(issuer);
    const unheardOf = [...met].filter((issuer) => !isFamiliar(issuer));
    const young = known && monotonic() - known.askedAt < ASK_AGAIN_MILLISECONDS;
    if (known && young && unheardOf.length === 0) return known.issuers;
    asking ??= askNow().finally(() => {
      asking = undefined;
    });
    const issuers = await asking;
    strangers = new Set([...strangers, ...unheardOf].slice(-STRANGERS_REMEMBERED));
    return issuers;
  };
}
