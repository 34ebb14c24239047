import { noteObstacle } from '../keyring/rotation-obstacles.ts';
import type { Leadership } from './leadership.ts';
import { createPushPacer } from './push-pacer.ts';
import type { RotatedAccount } from './rotated-account.ts';
import { NotRecorded, type PassParts, runPass } from './pass.ts';

/** The passes over one account, one after the other, however those over others go. */
export interface AccountLoop {
  /** Something changed: the next pass begins at once, or as soon as the one under way has ended. */
  wake(): void;
  /** No pass begins any more. */
  stop(): void;
  /** Resolves when the last pass has ended: after `stop`, or once the configuration lacks the account. */
  readonly ended: Promise<void>;
}

export interface AccountLoopParts extends PassParts {
  /** As the configuration in force has it; undefined: no longer. */
  readonly account: () => RotatedAccount | undefined;
  readonly leadership: Pick<Leadership, 'term' | 'passed'>;
  /** Between passes that nothing wakes. */
  readonly pauseMilliseconds: number;
  /** Nothing is done before it resolves. */
  readonly ready: Promise<unknown> | undefined;
}

/** Passes without a pause: more than any rotation takes, an end to what never settles. */
const MAX_PASSES = 12;

export function startAccountLoop(parts: AccountLoopParts): AccountLoop {
  const { leadership, reporter } = parts;
  const pacer = createPushPacer(parts.monotonic);
  let stopped = false;
  let wakes = 0;
  let awake = Promise.withResolvers<void>();

  /** Passes until nothing more is to be done at once. False when it was not for this process to do. */
  async function settle(account: RotatedAccount): Promise<boolean> {
    for (let passes = 0; passes < MAX_PASSES; passes += 1) {
      const term = leadership.term();
      if (stopped || term === undefined) return false;
      const more = await runPass(parts, { account, term, pacer, wakes: () => wakes });
      leadership.passed(true);
      if (!more) return true;
    }
    return true;
  }

  /** What the store says keeps this account's passes from succeeding; undefined: it must be looked up. */
  let noted: { readonly why: string | undefined } | undefined;

  async function note({ name }: RotatedAccount, why: string | undefined): Promise<void> {
    if (leadership.term() === undefined) noted = undefined;
    else if (!noted || noted.why !== why) {
      try {
        await noteObstacle(parts.state, name, why);
        noted = { why };
      } catch {
        // Cannot write to the store: this pass reported it, or the next one will.
        noted = undefined;
      }
    }
  }

  async function look(account: RotatedAccount): Promise<void> {
    try {
      const settled = await settle(account);
      if (settled) reporter.succeeded(account);
      // Another process may lead now, and note what it finds.
      if (settled) await note(account, undefined);
      else noted = undefined;
    } catch (error) {
      // What could not be recorded was done all the same.
      const done = error instanceof NotRecorded;
      leadership.passed(done);
      reporter.failed(account, error);
      await note(account, done ? undefined : messageOf(error));
    }
  }

  async function run(): Promise<void> {
    await parts.ready;
    while (!stopped) {
      awake = Promise.withResolvers();
      const account = parts.account();
      if (!account) return;
      await look(account);
      const timer = setTimeout(awake.resolve, parts.pauseMilliseconds);
      if (stopped) awake.resolve();
      await awake.promise;
      clearTimeout(timer);
    }
  }

  return {
    wake() {
      wakes += 1;
      awake.resolve();
    },
    stop() {
      stopped = true;
      awake.resolve();
    },
    ended: run(),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
