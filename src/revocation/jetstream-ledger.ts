import { createHash } from 'node:crypto';
import { type Consumer, DeliverPolicy } from '@nats-io/jetstream';
import { type Clock, unixSeconds } from '../clock.ts';
import {
  askAgain,
  type BucketOptions,
  isConflict,
  type JetStreamBucket,
  openBucket,
  orUnavailable,
} from '../store/jetstream-bucket.ts';
import { StoreUnavailable } from '../store/shared-state.ts';
import { fits } from './issued-credential.ts';
import type { CredentialLedger, IssuedCredential, LedgerFilter } from './ledger.ts';

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

/** An entry goes so long after its credential has expired: what is alive is for the readers' clocks to say. */
const MARGIN_SECONDS = 60;

/**
 * A bucket with a key for every living credential: `IDENTITY.USER.CREDENTIAL`. The first part is a
 * hash of issuer and subject, the last one of the credential, since a caller who keeps its own nkey
 * has several credentials with one user. Keys end by themselves.
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
    const key = `${identityToken(credential)}.${credential.user}.${hash(value)}`;
    try {
      await kv.create(key, value, `${left + MARGIN_SECONDS}s`);
    } catch (fault) {
      // It is there already.
      if (!isConflict(fault)) throw fault;
    }
  }

  return {
    destination: `${stream} ${created}`,
    alive: (filter) => alive({ bucket, connection, clock }, filter),
    record: (credentials) =>
      orUnavailable(connection, "the credential ledger can't be written", async () => {
        await Promise.all(credentials.map(put));
      }),
  };
}

async function* alive(
  ledger: Pick<JetStreamLedgerOptions, 'connection' | 'clock'> & { bucket: JetStreamBucket },
  filter: LedgerFilter,
): AsyncGenerator<IssuedCredential> {
  const { connection, bucket, clock } = ledger;
  const ask = <T>(work: () => Promise<T>): Promise<T> =>
    orUnavailable(connection, "the credential ledger can't be read", work);
  const consumer = await ask(() => consume(bucket, clock, filter));
  let { num_pending: left } = await ask(() => consumer.info(true));
  try {
    while (left > 0) {
      const portion = await ask(() => fetch(consumer, left));
      left = portion.left;
      const now = unixSeconds(clock);
      for (const credential of portion.credentials) {
        if (credential.expiresAt > now && fits(filter, credential)) yield credential;
      }
    }
  } finally {
    consumer.delete().catch(() => undefined);
  }
}

/** A consumer of what the filter can mean, as far as keys and times of writing tell. */
async function consume(
  { client, manager, stream, subject }: JetStreamBucket,
  clock: Clock,
  filter: LedgerFilter,
): Promise<Consumer> {
  const { ts } = await askAgain(() => manager.streams.info(stream));
  // Entries bear the server's time, and the caller means ours. Counted from after the answer, it
  // errs towards too many.
  const ahead = ts === undefined ? 0 : Date.parse(ts) - clock.now();
  return client.consumers.get(stream, {
    filter_subjects: subject.replace('>', keyFilter(filter)),
    ...(filter.recordedSince === undefined
      ? { deliver_policy: DeliverPolicy.All }
      : {
          deliver_policy: DeliverPolicy.StartTime,
          opt_start_time: new Date(filter.recordedSince + ahead).toISOString(),
        }),
  });
}

/** The next of `left` that are still to come, and how many come after them. */
async function fetch(
  consumer: Consumer,
  left: number,
): Promise<{ credentials: IssuedCredential[]; left: number }> {
  const credentials: IssuedCredential[] = [];
  let after = left;
  const messages = await consumer.fetch({
    max_messages: Math.min(left, PORTION),
    expires: FETCH_MILLISECONDS,
  });
  for await (const message of messages) {
    credentials.push(message.json<IssuedCredential>());
    after = message.info.pending;
  }
  if (credentials.length > 0) return { credentials, left: after };
  // What was left may have expired meanwhile. Else it must not be taken for the end.
  const { num_pending: still } = await consumer.info();
  if (still > 0) throw new StoreUnavailable('the credential ledger has stopped answering');
  return { credentials, left: 0 };
}

function keyFilter({ issuerName, subject, user = '' }: LedgerFilter): string {
  const identity =
    issuerName === undefined || subject === undefined
      ? '*'
      : identityToken({ issuerName, subject });
  // Anything else is no nkey, and must not become part of a subject.
  return `${identity}.${/^[A-Z0-9]+$/.test(user) ? user : '*'}.*`;
}

/** Subjects are of any length and any characters, names in NATS are not. */
function identityToken({
  issuerName,
  subject,
}: Pick<IssuedCredential, 'issuerName' | 'subject'>): string {
  return hash(JSON.stringify([issuerName, subject]));
}

/** 128 bits: two that are alike would hide one credential from a revocation. */
function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
