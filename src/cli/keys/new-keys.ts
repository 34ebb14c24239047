import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyAnswer, KeysAnswer, RotateAnswer } from '../../admin-api/keys.ts';
import { durationText } from '../../config/schema/scalars.ts';
import type { AdminClient } from '../admin-call.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { ServiceRefusal } from '../service-call.ts';
import { slotText } from './key-text.ts';

type Slot = RotateAnswer['requested'][number];

export interface NewKey extends Slot {
  readonly public_key: string;
  /** The key that signed before. */
  readonly instead_of: string | null;
}

/** How time passes, in milliseconds. */
interface Pace {
  now(): number;
  sleep(milliseconds: number): Promise<unknown>;
}

interface Waiting {
  readonly client: Pick<AdminClient, 'keys'>;
  readonly before: KeysAnswer;
  readonly requested: readonly Slot[];
  /** Seconds. */
  readonly timeout: number;
  readonly pace?: Pace;
}

const REAL_PACE: Pace = {
  now: () => performance.now(),
  sleep: (milliseconds) => sleep(milliseconds),
};

/** Most rotations are finished by then. */
const FIRST_LOOK_MILLISECONDS = 1000;
/** Twelve per minute; by default `rateLimit.perIdentity` allows 60 for the whole identity. */
const LOOK_MILLISECONDS = 5000;

/**
 * Asks, as often as the service allows, until each slot has a new active key.
 *
 * @throws CliError if that takes longer than `timeout`, or the service cannot be reached.
 */
export async function newKeys(waiting: Waiting): Promise<NewKey[]> {
  const { timeout, pace = REAL_PACE } = waiting;
  const deadline = pace.now() + timeout * 1000;
  const left = () => Math.max(0, deadline - pace.now());
  let pause = FIRST_LOOK_MILLISECONDS;
  for (;;) {
    await pace.sleep(Math.min(pause, left()));
    const { changed, missing, nextLook } = await look(waiting, left());
    if (missing.length === 0) return changed;
    if (left() === 0) throw timedOut(timeout, missing);
    pause = nextLook;
  }
}

interface Look {
  readonly changed: NewKey[];
  readonly missing: readonly Slot[];
  /** In milliseconds. */
  readonly nextLook: number;
}

/** `left`: milliseconds. If the service asks for a longer pause, waiting ends. */
async function look({ client, before, requested }: Waiting, left: number): Promise<Look> {
  try {
    const now = await client.keys();
    const found = requested.map((slot) => ({
      ...slot,
      public_key: activeKey(now, slot)?.public_key,
      instead_of: activeKey(before, slot)?.public_key ?? null,
    }));
    const changed = found.filter((key): key is NewKey => isChanged(key));
    const missing = found.filter((key) => !isChanged(key));
    return { changed, missing, nextLook: LOOK_MILLISECONDS };
  } catch (error) {
    const seconds = error instanceof ServiceRefusal ? error.retryAfterSeconds : undefined;
    if (seconds === undefined || seconds * 1000 > left) throw error;
    return { changed: [], missing: requested, nextLook: seconds * 1000 };
  }
}

function isChanged(key: { public_key?: string | undefined; instead_of: string | null }): boolean {
  return key.public_key !== undefined && key.public_key !== key.instead_of;
}

function activeKey({ accounts }: KeysAnswer, { account, slot }: Slot): KeyAnswer | undefined {
  const keys = accounts.find((found) => found.account === account)?.keys ?? [];
  return keys.find((key) => key.slot === slot && key.state === 'active');
}

function timedOut(timeout: number, missing: readonly Slot[]): CliError {
  return new CliError(
    ExitCode.unavailable,
    `no new active key after ${durationText(timeout)} for: ${missing.map(slotText).join('; ')}. ` +
      'The rotation continues; to see what it waits for, run nats-sts keys list.',
  );
}
