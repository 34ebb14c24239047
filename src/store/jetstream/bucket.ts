import { setTimeout as wait } from 'node:timers/promises';
import {
  DiscardPolicy,
  type JetStreamClient,
  JetStreamApiCodes,
  JetStreamApiError,
  jetstream,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { errors } from '@nats-io/transport-node';
import type { StoreConnection } from './connection.ts';
import { StoreUnavailable } from '../shared-state.ts';

export interface BucketOptions {
  readonly connection: StoreConnection;
  /** Letters, digits, `-` and `_`. */
  readonly bucket: string;
  /** Servers that hold a copy: 1, 3 or 5. Only for a bucket that is made now. */
  readonly replicas?: number;
}

/** A JetStream key-value bucket, and the stream behind it. */
export interface JetStreamBucket {
  readonly kv: KV;
  readonly client: JetStreamClient;
  /** Its requests end after a second: see `askAgain`. */
  readonly manager: JetStreamManager;
  /** Name of the stream. */
  readonly stream: string;
  /** Subject of all its keys. */
  readonly subject: string;
  /** When its stream was made, as the server writes it: another one is another bucket. */
  readonly created: string;
}

/** How long anything asked of the store may take in all. */
const TIMEOUT_MILLISECONDS = 5000;

/** How long one request waits for its answer. */
const ANSWER_MILLISECONDS = 1000;

/** Pause before a server is asked again about a bucket that it does not know yet. */
const UNKNOWN_MILLISECONDS = 100;

/**
 * Opens a bucket, and makes it where it is missing: one value a key, in files, with lifetimes of
 * single keys. Reads go to the stream's leader, so that they are never stale.
 *
 * Throws `StoreUnavailable`.
 */
export function openBucket(options: BucketOptions): Promise<JetStreamBucket> {
  const { connection, bucket } = options;
  return orUnavailable(connection, `cannot open the bucket ${bucket}`, () =>
    askAgain(() => open(options)),
  );
}

async function open({ connection, bucket, replicas = 1 }: BucketOptions): Promise<JetStreamBucket> {
  const client = jetstream(connection.nats, { timeout: TIMEOUT_MILLISECONDS });
  const manager = await jetstreamManager(connection.nats, { timeout: ANSWER_MILLISECONDS });
  const stream = `KV_${bucket}`;
  const subject = `$KV.${bucket}.>`;
  const { config, created } = await manager.streams.info(stream).catch((fault: unknown) => {
    if (!hasCode(fault, JetStreamApiCodes.StreamNotFound)) throw fault;
    return manager.streams.add({
      name: stream,
      subjects: [subject],
      num_replicas: replicas,
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      max_msgs_per_subject: 1,
      allow_msg_ttl: true,
      allow_rollup_hdrs: true,
      allow_direct: false,
      deny_delete: true,
    });
  });
  if (config.allow_msg_ttl !== true) {
    throw new Error(
      'it does not support expiry of single keys: let nats-server 2.11 or later create it',
    );
  }
  const kv = await new Kvm(client).open(bucket, { allow_direct: false });
  return { kv, client, manager, stream, subject, created };
}

/**
 * Servers that are choosing a leader don't answer at all: what may be asked twice is asked again
 * until there is one. Fails as the last time, once it has taken too long in all. `justOpened`: the
 * bucket was there a moment ago, and a server that has just become leader may not know it yet.
 */
export async function askAgain<T>(
  ask: () => Promise<T>,
  { justOpened = false }: { readonly justOpened?: boolean } = {},
): Promise<T> {
  const end = performance.now() + TIMEOUT_MILLISECONDS;
  for (;;) {
    try {
      return await ask();
    } catch (fault) {
      const isUnknown = justOpened && hasCode(fault, JetStreamApiCodes.StreamNotFound);
      const mayPass = isUnknown || fault instanceof errors.TimeoutError;
      if (!mayPass || performance.now() >= end) throw fault;
      if (isUnknown) await wait(UNKNOWN_MILLISECONDS);
    }
  }
}

/** Whether a write failed because the key had another revision. */
export function isConflict(fault: unknown): boolean {
  return (
    hasCode(fault, JetStreamApiCodes.StreamWrongLastSequence) ||
    hasCode(fault, JetStreamApiCodes.StreamWrongLastSequenceUnknown)
  );
}

function hasCode(fault: unknown, code: number): boolean {
  return fault instanceof JetStreamApiError && fault.code === code;
}

/** Whatever goes wrong between us and the store is `StoreUnavailable`; without a connection, at once. */
export async function orUnavailable<T>(
  connection: StoreConnection,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await connection.whileConnected(work);
  } catch (cause) {
    if (cause instanceof StoreUnavailable) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StoreUnavailable(`${what}: ${why}`, { cause });
  }
}
