import { type Clock, millisecondsSince, unixSeconds } from '../../clock.ts';
import { Refusal } from '../../errors.ts';
import type { SharedState } from '../../store/shared-state.ts';

/** At most so many of a kind wait at once. */
const CAPACITY = 10_000;
/** Of which one network gets a twentieth, so that a few cannot shut out the rest; at least so many. */
const LEAST_SHARE = 20;
/** Strangers who find it full don't make it search for room more often. */
const PRUNE_AT_MOST_EVERY_MILLISECONDS = 5_000;

export interface HandoverRecordsOptions {
  readonly state: Pick<SharedState, 'list' | 'write'>;
  readonly clock: Clock;
  /** What the names begin with, and its dot. */
  readonly prefix: string;
  /** So long after its end a record can still be told from one that never was. */
  readonly rememberedSeconds: number;
  readonly capacity?: number;
}

/** What is kept of every record. */
export interface Ending {
  /** Unix seconds. */
  readonly expiresAt: number;
  /** Whose share it counts toward; absent: nobody's. */
  readonly network?: string;
}

/** A record as it was found; it may be over. */
export interface Found<T> {
  readonly record: T;
  readonly revision: number;
  readonly over: boolean;
}

/**
 * Small texts of the shared state that wait for their other half, for minutes. Bounded. Of any number
 * of concurrent `take` and `replace` of one that was found, on any replica, exactly one succeeds.
 * A store that can't be reached is thrown as `StoreUnavailable`.
 */
export interface HandoverRecords<T extends Ending> {
  /** Why there is no room, for this network or at all, if there is none. */
  full(network?: string): Promise<Refusal | undefined>;
  /** False: the name is taken. */
  put(name: string, record: T): Promise<boolean>;
  find(name: string): Promise<Found<T> | undefined>;
  replace(name: string, found: Found<T>, record: T): Promise<boolean>;
  /** Deletes it. True for one only. */
  take(name: string, found: Found<T>): Promise<boolean>;
  /** Deletes what is over and needn't be remembered. */
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
    // Not parsed: thousands may wait, and inside of a member's value the quotes would be escaped.
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
  'Too many logins are waiting for somebody. Try again soon.',
  {
    retryAfterSeconds: 60,
  },
);

const SHARE_TAKEN = new Refusal(
  'too_many_requests',
  'Too many logins from your network are waiting for somebody. Try again soon.',
  { retryAfterSeconds: 60 },
);

function recordText(record: Ending): string {
  return JSON.stringify({ version: 1, ...record });
}

/** Undefined where another version of nats-sts wrote it: that one redeems it. */
function readRecord(text: string): Ending | undefined {
  const { version, ...record } = JSON.parse(text) as Ending & { version: unknown };
  return version === 1 ? record : undefined;
}

/** The end stands in every version. */
function endOf(text: string): number {
  return (JSON.parse(text) as Ending).expiresAt;
}
