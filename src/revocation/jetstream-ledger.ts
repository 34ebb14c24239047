import { createHash } from 'node:crypto';
import { type Consumer, DeliverPolicy, type JsMsg, type StreamInfo } from '@nats-io/jetstream';
import { type Clock, unixSeconds } from '../clock.ts';
import {
  askAgain,
  type BucketOptions,
  isConflict,
  type JetStreamBucket,
  openBucket,
  orUnavailable,
} from '../store/jetstream/bucket.ts';
import { StoreUnavailable } from '../store/shared-state.ts';
import { fits } from './issued-credential.ts';
import type {
  CredentialLedger,
  IssuedCredential,
  LedgerFilter,
  LedgerPosition,
  Party,
} from './ledger.ts';

export interface JetStreamLedgerOptions extends Omit<BucketOptions, 'bucket'> {
  /** Name of the shared state's bucket; the ledger's is beside it, with `_credentials` at its end. */
  readonly bucket: string;
  readonly clock: Clock;
}

/** The ledger that any number of processes write to. */
export interface JetStreamLedger extends CredentialLedger {
  /** Names the bucket, and its life where it was deleted and made anew. */
  readonly destination: string;
  /**
   * Resolves once all are in the bucket. Writing one again changes nothing; what has expired is left
   * out. Throws `StoreUnavailable`: then some may be there.
   */
  record(credentials: readonly IssuedCredential[]): Promise<void>;
}

/** So many are read at once. */
const PORTION = 500;
const FETCH_MILLISECONDS = 2000;

/** How long an entry outlives its credential: readers decide by their own clocks what is still alive. */
const MARGIN_SECONDS = 60;

/**
 * A bucket with a key for every living credential: `IDENTITY.USER.CREDENTIAL`. The first part is a
 * hash of issuer and subject, the last one of the credential, since a caller who keeps its own nkey
 * has several credentials with one user. If someone else acted for the subject, a copy is under
 * their identity: all that an identity has to do with is behind one prefix. Keys end by themselves.
 *
 * Positions are the stream's sequences, which its leader gives one after the other, with when the
 * stream was made: one that is made anew, or came back with less, starts over.
 *
 * @throws StoreUnavailable when the bucket can't be opened now. The connection stays its owner's.
 */
export async function openJetStreamLedger({
  clock,
  ...options
}: JetStreamLedgerOptions): Promise<JetStreamLedger> {
  const { connection } = options;
  const bucket = await openBucket({ ...options, bucket: `${options.bucket}_credentials` });
  const { kv, stream, created } = bucket;

  async function put(credential: IssuedCredential): Promise<void> {
    const left = credential.expiresAt - unixSeconds(clock);
    if (left <= 0) return;
    const value = JSON.stringify(credential);
    await Promise.all(
      identityTokens(credential).map((identity) =>
        create(`${identity}.${credential.user}.${hash(value)}`, value, left + MARGIN_SECONDS),
      ),
    );
  }

  async function create(key: string, value: string, seconds: number): Promise<void> {
    try {
      await kv.create(key, value, `${seconds}s`);
    } catch (fault) {
      // It is there already.
      if (!isConflict(fault)) throw fault;
    }
  }

  return {
    destination: `${stream} ${created}`,
    alive: (filter) => alive({ bucket, connection, clock }, filter),
    latest: () =>
      orUnavailable(connection, UNREADABLE, async () => positionOf(await streamInfo(bucket))),
    record: (credentials) =>
      orUnavailable(connection, 'cannot write the credential ledger', async () => {
        await Promise.all(credentials.map(put));
      }),
  };
}

const UNREADABLE = 'cannot read the credential ledger';

async function* alive(
  ledger: Pick<JetStreamLedgerOptions, 'connection' | 'clock'> & { bucket: JetStreamBucket },
  filter: LedgerFilter,
): AsyncGenerator<IssuedCredential> {
  const { connection, bucket, clock } = ledger;
  const ask = <T>(work: () => Promise<T>): Promise<T> =>
    orUnavailable(connection, UNREADABLE, work);
  const consumer = await ask(() => consume(bucket, filter));
  let { num_pending: left } = await ask(() => consumer.info(true));
  try {
    while (left > 0) {
      const portion = await ask(() => fetch(consumer, left));
      left = portion.left;
      const now = unixSeconds(clock);
      for (const { isCopy, credential } of portion.entries) {
        // The prefix of a party has either its credential or the copy, everything else has both.
        if (isCopy && !filter.party) continue;
        if (credential.expiresAt > now && fits(filter, credential)) yield credential;
      }
    }
  } finally {
    consumer.delete().catch(() => undefined);
  }
}

/** A consumer of what the filter can mean, as far as keys and sequences tell. */
async function consume(bucket: JetStreamBucket, filter: LedgerFilter): Promise<Consumer> {
  const { client, stream, subject } = bucket;
  const after = await sequenceOf(bucket, filter.after);
  return client.consumers.get(stream, {
    filter_subjects: subject.replace('>', keyFilter(filter)),
    ...(after === undefined
      ? { deliver_policy: DeliverPolicy.All }
      : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: after + 1 }),
  });
}

function streamInfo({ manager, stream }: JetStreamBucket): Promise<StreamInfo> {
  return askAgain(() => manager.streams.info(stream));
}

function positionOf({ created, state }: StreamInfo): LedgerPosition {
  return `${created} ${state.last_seq}`;
}

/** Undefined: everything is to be read. */
async function sequenceOf(
  bucket: JetStreamBucket,
  position: LedgerPosition | undefined,
): Promise<number | undefined> {
  if (position === undefined) return undefined;
  const { created, state } = await streamInfo(bucket);
  const [life, sequence] = position.split(' ');
  return life === created && Number(sequence) <= state.last_seq ? Number(sequence) : undefined;
}

interface Entry {
  /** It is under the identity of the one who acted. */
  readonly isCopy: boolean;
  readonly credential: IssuedCredential;
}

/** The next of `left` that are still to come, and how many come after them. */
async function fetch(
  consumer: Consumer,
  left: number,
): Promise<{ entries: Entry[]; left: number }> {
  const entries: Entry[] = [];
  let after = left;
  const messages = await consumer.fetch({
    max_messages: Math.min(left, PORTION),
    expires: FETCH_MILLISECONDS,
  });
  for await (const message of messages) {
    entries.push(entryOf(message));
    after = message.info.pending;
  }
  if (entries.length > 0) return { entries, left: after };
  // What was left may have expired meanwhile. Else it must not be taken for the end.
  const { num_pending: still } = await consumer.info();
  if (still > 0) throw new StoreUnavailable('the credential ledger has stopped answering');
  return { entries, left: 0 };
}

function entryOf(message: JsMsg): Entry {
  const credential = message.json<IssuedCredential>();
  // Without an actor there is no copy, and nothing to hash.
  const isCopy =
    credential.actor !== undefined && !message.subject.includes(`.${identityToken(credential)}.`);
  return { isCopy, credential };
}

function keyFilter({ issuerName, subject, party, user = '' }: LedgerFilter): string {
  const owner =
    issuerName === undefined || subject === undefined ? undefined : { issuerName, subject };
  const named = party ?? owner;
  // Anything else is not an nkey and must not become part of a subject.
  return `${named ? identityToken(named) : '*'}.${/^[A-Z0-9]+$/.test(user) ? user : '*'}.*`;
}

/** The subject, and the actor if there is one. */
function identityTokens({ actor, ...credential }: IssuedCredential): string[] {
  return [...new Set([credential, ...(actor ? [actor] : [])].map(identityToken))];
}

/** Subjects are of any length and any characters, names in NATS are not. */
function identityToken({ issuerName, subject }: Party): string {
  return hash(JSON.stringify([issuerName, subject]));
}

/** 128 bits: two that are alike would hide one credential from a revocation. */
function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
