import { ResolverUnreachable } from './resolver.ts';
import type { TrustedIssuers } from './trust.ts';

/**
 * The keys that the operator trusts now. `met`: issuers of account JWTs that were just seen. An issuer that is new
 * causes a question to the servers at once. Concurrent calls share one answer.
 */
export type FreshTrust = (met?: ReadonlySet<string>) => Promise<TrustedIssuers>;

/** How much longer a signing key is trusted after the operator removed it. */
const ASK_AGAIN_MILLISECONDS = 60_000;
/** How long the last answer is valid while no server answers. */
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
