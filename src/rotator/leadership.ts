import type { Lease } from './lease.ts';
import type { Reporter } from './reporter.ts';

/** Whether this process leads: takes the lease, renews it, and lets go of it where it can't do the work. */
export interface Leadership {
  /** Of the lease that this process holds, as far as it knows; undefined: it does not lead. */
  term(): number | undefined;
  /** How a pass over an account went. */
  passed(succeeded: boolean): void;
  /** Ends the renewals; `release` lets the next process lead. */
  stop(): void;
  release(): Promise<void>;
}

export interface LeadershipParts {
  readonly lease: Lease;
  readonly leaseMilliseconds: number;
  readonly monotonic: () => number;
  /** How long what this process pushed until now may still arrive. */
  readonly busyMilliseconds: () => number;
  readonly reporter: Pick<Reporter, 'leads' | 'gaveUp'>;
  /** Whoever has nothing to rotate leaves the lease to others. */
  readonly hasWork: () => boolean;
  /** It leads from now on. */
  readonly onLead: () => void;
}

/** Lease terms of nothing but failed passes before another process may try. */
const HOPELESS_TERMS = 3;
/** Lease terms that it then stays away: others ask for the lease three times a term. */
const AWAY_TERMS = 2;

export function startLeadership(parts: LeadershipParts): Leadership {
  const { lease, leaseMilliseconds, monotonic, reporter, hasWork, onLead } = parts;
  const { busyMilliseconds } = parts;
  let term: number | undefined;
  /** The first failure that no success of any account came after. */
  let failingSince: number | undefined;
  let awayUntil = 0;
  let stopped = false;
  let asking: Promise<void> | undefined;

  function isHopeless(): boolean {
    return (
      failingSince !== undefined && monotonic() - failingSince >= HOPELESS_TERMS * leaseMilliseconds
    );
  }

  async function giveUp(): Promise<void> {
    awayUntil = monotonic() + AWAY_TERMS * leaseMilliseconds;
    term = undefined;
    reporter.gaveUp();
    // A lease that can't be released ends by itself: it is not renewed.
    await lease.release(busyMilliseconds()).catch(() => {});
  }

  async function take(): Promise<void> {
    const before = term;
    try {
      term = await lease.take();
      reporter.leads(term !== undefined);
    } catch (error) {
      term = undefined;
      reporter.leads(false, error);
    }
    if (before !== undefined || term === undefined) return;
    failingSince = undefined;
    onLead();
  }

  async function ask(): Promise<void> {
    if (term !== undefined && isHopeless()) return giveUp();
    if (monotonic() < awayUntil || (term === undefined && !hasWork())) return;
    await take();
  }

  /** One at a time: of two renewals at once, the slower one would take the lease for lost. */
  function tick(): void {
    if (stopped || asking) return;
    asking = ask().finally(() => {
      asking = undefined;
    });
  }

  // Apart from the passes: a server that doesn't answer must not cost the lease.
  const timer = setInterval(tick, leaseMilliseconds / 3);
  tick();

  return {
    term: () => term,
    passed(succeeded) {
      if (succeeded) failingSince = undefined;
      else failingSince ??= monotonic();
    },
    stop() {
      stopped = true;
      clearInterval(timer);
    },
    async release() {
      await asking;
      await lease.release(busyMilliseconds()).catch(() => {});
    },
  };
}
