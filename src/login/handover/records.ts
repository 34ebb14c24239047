import { type Clock, millisecondsSince, unixSeconds } from '../../clock.ts';
import { Refusal } from '../../errors.ts';
import type { SharedState } from '../../store/shared-state.ts';

/** The most records of one kind that wait at once. */
const CAPACITY = 10_000;
/** One network gets a twentieth of them, so that a few cannot shut out the rest, but at least this many. */
const LEAST_SHARE = 20;
/** When it is full, further requests do not trigger pruning more often than this. */
const PRUNE_AT_MOST_EVERY_MILLISECONDS = 5_000;

export interface HandoverRecordsOptions {
  readonly state: Pick<SharedState, 'list' | 'write'>;
  readonly clock: Clock;
  /** What the names begin with, including the dot. */
  readonly prefix: string;
  /** How long an expired record is kept, so that it differs from one that never existed. */
  readonly rememberedSeconds: number;
  readonly capacity?: number;
}

/** What every record has. */
export interface Ending {
  /** Unix seconds. */
  readonly expiresAt: number;
  /** The network whose share it counts toward, if any. */
  readonly network?: string;
}

/** A record as found; it may have expired. */
export interface Found<T> {
  readonly record: T;
  readonly revision: number;
  readonly over: boolean;
}

/**
 * Small records in the shared state that wait a few minutes to be redeemed. Bounded. Of any number of
 * concurrent `take` and `replace` calls for one found record, on any replica, exactly one succeeds.
 * Throws `StoreUnavailable` if the store cannot be reached.
 */
export interface HandoverRecords<T extends Ending> {
  /** Why there is no room, for this network or at all; undefined if there is. */
  full(network?: string): Promise<Refusal | undefined>;
  /** False if the name is taken. */
  put(name: string, record: T): Promise<boolean>;
  find(name: string): Promise<Found<T> | undefined>;
  replace(name: string, found: Found<T>, record: T): Promise<boolean>;
  /** Deletes it. True for one caller only. */
  take(name: string, found: Found<T>): Promise<boolean>;
  /** Deletes expired records that need not be remembered. */
  prune(): Promise<void>;
}

export function handoverRecords<T extends Ending>({
  state,
  clock,
  prefix,
  rememberedSeconds,
  capacity = CAPACITY,
}: HandoverRecordsOptions): HandoverRecords<T> {
  const share = Math.max(LEAST_SHARE, Math.floor(capacity / 20));
  let prunedAt = Number.NEGATIVE_INFINITY;

  async function prune(): Promise<void> {
    prunedAt = clock.now();
    const now = unixSeconds(clock);
    for (const { key, value, revision } of await state.list(prefix)) {
      if (endOf(value) + rememberedSeconds <= now) await state.write(key, undefined, revision);
    }
  }

  async function lackOfRoom(network: string | undefined): Promise<Refusal | undefined> {
    const records = await state.list(prefix);
    if (records.length >= capacity) return FULL;
    if (network === undefined || records.length < share) return undefined;
    // Search without parsing: thousands may wait, and quotes inside a value are escaped.
    const member = `"network":${JSON.stringify(network)}`;
    const held = records.filter(({ value }) => value.includes(member)).length;
    return held >= share ? SHARE_TAKEN : undefined;
  }

  return {
    async full(network) {
      const refusal = await lackOfRoom(network);
      if (!refusal) return undefined;
      if (millisecondsSince(prunedAt, clock) < PRUNE_AT_MOST_EVERY_MILLISECONDS) return refusal;
      await prune();
      return lackOfRoom(network);
    },
    put: async (name, record) =>
      (await state.write(prefix + name, recordText(record), 0)) !== undefined,
    async find(name) {
      const [entry] = await state.list(prefix + name);
      const record = entry && (readRecord(entry.value) as T | undefined);
      if (!entry || !record) return undefined;
      const over = record.expiresAt <= unixSeconds(clock);
      return { record, revision: entry.revision, over };
    },
    replace: async (name, { revision }, record) =>
      (await state.write(prefix + name, recordText(record), revision)) !== undefined,
    take: async (name, { revision }) =>
      (await state.write(prefix + name, undefined, revision)) !== undefined,
    prune,
  };
}

const FULL = new Refusal(
  'overloaded',
  'Too many logins are waiting for somebody to agree. Try again soon.',
  {
    retryAfterSeconds: 60,
  },
);

const SHARE_TAKEN = new Refusal(
  'too_many_requests',
  'Too many logins from your network are waiting for somebody to agree. Try again soon.',
  { retryAfterSeconds: 60 },
);

function recordText(record: Ending): string {
  return JSON.stringify({ version: 1, ...record });
}

/** Undefined if another version of nats-sts wrote it; that version redeems it. */
function readRecord(text: string): Ending | undefined {
  const { version, ...record } = JSON.parse(text) as Ending & { version: unknown };
  return version === 1 ? record : undefined;
}

/** Every version has `expiresAt`. */
function endOf(text: string): number {
  return (JSON.parse(text) as Ending).expiresAt;
}
