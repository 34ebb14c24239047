import { type AccountLoop, startAccountLoop } from './account-loop.ts';
import { startLeadership } from './leadership.ts';
import type { Lease } from './lease.ts';
import type { RotatedAccount } from './rotated-account.ts';
import { createPushesInFlight } from './pushes-in-flight.ts';
import type { PassParts } from './pass.ts';

/** One loop for each account that carries out rotations while this process holds the lease. */
export interface Rotator {
  /** Something changed, in this account or in any: look at once. */
  wake(account?: string): void;
  /** Ends the passes under way, and lets another process lead. */
  stop(): Promise<void>;
}

export interface RotatorParts extends Omit<PassParts, 'inFlight'> {
  readonly lease: Lease;
  /** The accounts of the configuration in force. */
  readonly accounts: () => readonly RotatedAccount[];
  /** Nothing is done before it resolves. */
  readonly ready?: Promise<unknown>;
}

/** How often to look for drift. */
const LOOK_MILLISECONDS = 2000;

export function startRotator(parts: RotatorParts): Rotator {
  const { lease, reporter, accounts, leaseMilliseconds, clock, monotonic, ready } = parts;
  const pauseMilliseconds = Math.min(LOOK_MILLISECONDS, leaseMilliseconds / 2);
  const loops = new Map<string, AccountLoop>();
  const inFlight = createPushesInFlight({ lease, leaseMilliseconds, clock, monotonic });

  const leadership = startLeadership({
    lease,
    leaseMilliseconds,
    monotonic,
    reporter,
    busyMilliseconds: () => inFlight.busyMilliseconds(),
    hasWork: () => accounts().length > 0,
    onLead: () => wakeAll(),
  });

  function start(name: string): void {
    const loop = startAccountLoop({
      ...parts,
      inFlight,
      account: () => accounts().find((account) => account.name === name),
      leadership,
      pauseMilliseconds,
      ready,
    });
    loops.set(name, loop);
    void loop.ended.then(() => loops.delete(name));
  }

  /** Accounts come with a new configuration; the loops of those that went end by themselves. */
  function startMissing(): void {
    for (const { name } of accounts()) if (!loops.has(name)) start(name);
  }

  function wakeAll(): void {
    for (const loop of loops.values()) loop.wake();
  }

  startMissing();
  const starting = setInterval(startMissing, pauseMilliseconds);

  return {
    wake(account) {
      if (account === undefined) wakeAll();
      else loops.get(account)?.wake();
    },
    async stop() {
      leadership.stop();
      clearInterval(starting);
      const running = [...loops.values()];
      for (const loop of running) loop.stop();
      await Promise.all(running.map(({ ended }) => ended));
      await leadership.release();
    },
  };
}
