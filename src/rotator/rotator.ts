import type { Lease } from './lease.ts';
import type { RotatedAccount } from './rotated-account.ts';
import { turn, type TurnParts } from './turn.ts';

/** The loop that moves the rings on, while this process holds the lease. */
export interface Rotator {
  /** Something changed: look at once. */
  wake(): void;
  /** Ends the pass under way, and lets another process lead. */
  stop(): Promise<void>;
}

export interface RotatorParts extends TurnParts {
  readonly lease: Lease;
  /** The accounts of the configuration in force. */
  readonly accounts: () => readonly RotatedAccount[];
  /** Nothing is done before it resolves. */
  readonly ready?: Promise<unknown>;
}

/** How often drift is looked for. */
const LOOK_MILLISECONDS = 2000;
/** Passes over one account without a pause: more than any rotation takes, an end to what never settles. */
const MAX_PASSES = 12;

export function startRotator(parts: RotatorParts): Rotator {
  const { lease, reporter, accounts, leaseMilliseconds } = parts;
  const pause = Math.min(LOOK_MILLISECONDS, leaseMilliseconds / 2);
  let term: number | undefined;
  let stopped = false;
  let awake = Promise.withResolvers<void>();

  async function lead(): Promise<void> {
    // Whoever has nothing to rotate leaves the lease to others.
    if (term === undefined && accounts().length === 0) return;
    const before = term;
    try {
      term = await lease.take();
      reporter.leads(term !== undefined);
    } catch (error) {
      term = undefined;
      reporter.leads(false, error);
    }
    if (before === undefined && term !== undefined) awake.resolve();
  }

  async function turnAll(): Promise<void> {
    for (const account of accounts()) {
      try {
        await settle(account);
        reporter.succeeded(account);
      } catch (error) {
        reporter.failed(account, error);
      }
    }
  }

  async function settle(account: RotatedAccount): Promise<void> {
    for (let pass = 0; pass < MAX_PASSES; pass += 1) {
      if (stopped || term === undefined || !(await turn(parts, account, term))) return;
    }
  }

  async function run(): Promise<void> {
    await lead();
    await parts.ready;
    while (!stopped) {
      awake = Promise.withResolvers();
      if (term !== undefined) await turnAll();
      const timer = setTimeout(awake.resolve, pause);
      await awake.promise;
      clearTimeout(timer);
    }
  }

  // Apart from the passes: a server that doesn't answer must not cost the lease.
  const leading = setInterval(() => void lead(), leaseMilliseconds / 3);
  const running = run();

  return {
    wake: () => awake.resolve(),
    async stop() {
      stopped = true;
      clearInterval(leading);
      awake.resolve();
      await running;
      await lease.release().catch(() => {});
    },
  };
}
