import { createHash } from 'node:crypto';
import { type Clock, unixSeconds } from '../../clock.ts';
import { type ClaimCell, type HeldClaim, singleUseClaims } from '../single-use-claims.ts';
import {
  type BucketOptions,
  isConflict,
  type JetStreamBucket,
  openBucket,
  orUnavailable,
} from './bucket.ts';

export interface JetStreamSingleUseOptions extends Omit<BucketOptions, 'bucket'> {
  /** Name of the shared state's bucket; this one is beside it, with `_single_use` at its end. */
  readonly bucket: string;
  readonly clock: Clock;
}

/**
 * The port `SingleUse` of identity/, for any number of processes. A claim costs two writes to the
 * store. What can't be remembered, or is not known to be, throws `StoreUnavailable`; then it may be
 * repeated, also when the write lands later. `expiresAt` in Unix seconds.
 */
export interface JetStreamSingleUse {
  claim(issuer: string, jti: string, expiresAt: number): Promise<boolean>;
  hold(issuer: string, jti: string, expiresAt: number): Promise<HeldClaim | undefined>;
}

/** A claim is remembered so much longer: another process's clock may be behind. */
const MARGIN_SECONDS = 60;

/** @throws StoreUnavailable when the bucket can't be opened now. The connection stays its owner's. */
export async function openJetStreamSingleUse({
  clock,
  ...options
}: JetStreamSingleUseOptions): Promise<JetStreamSingleUse> {
  const bucket = await openBucket({ ...options, bucket: `${options.bucket}_single_use` });
  const { kv } = bucket;
  const guarded = <T>(work: () => Promise<T>): Promise<T> =>
    orUnavailable(options.connection, 'cannot record the use of a token', work);

  /** Names are keys of the bucket, revisions their last sequence. */
  const holdKey = singleUseClaims<string, number>({
    none: 0,
    read: (key) =>
      guarded(async () => {
        const entry = await kv.get(key);
        if (entry === null) return { revision: 0 };
        const { revision } = entry;
        const cell = entry.operation === 'PUT' ? cellOf(entry.string()) : undefined;
        return cell && cell.expiresAt > unixSeconds(clock) ? { cell, revision } : { revision };
      }),
    write: (key, cell, revision) =>
      guarded(() =>
        orConflict(async () => {
          if (cell) return put(bucket, key, cell, { revision, now: unixSeconds(clock) });
          await kv.purge(key, { previousSeq: revision, ttl: `${MARGIN_SECONDS}s` });
          return revision;
        }),
      ),
  });
  const hold: JetStreamSingleUse['hold'] = (issuer, jti, expiresAt) =>
    holdKey(nameOf(issuer, jti), expiresAt);

  return {
    hold,
    async claim(issuer, jti, expiresAt) {
      const held = await hold(issuer, jti, expiresAt);
      return held !== undefined && held.settle();
    },
  };
}

/** Not `kv.update`, which can't say how long a value lives. */
async function put(
  { client, subject }: JetStreamBucket,
  key: string,
  cell: ClaimCell,
  { revision, now }: { readonly revision: number; readonly now: number },
): Promise<number> {
  const seconds = Math.max(0, Math.ceil(cell.expiresAt) - now) + MARGIN_SECONDS;
  const { seq } = await client.publish(subject.replace('>', key), JSON.stringify(cell), {
    expect: { lastSubjectSequence: revision },
    ttl: `${seconds}s`,
  });
  return seq;
}

async function orConflict<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (fault) {
    if (isConflict(fault)) return undefined;
    throw fault;
  }
}

/** A number alone is what earlier versions wrote: the expiry of what is used. */
function cellOf(text: string): ClaimCell {
  const read = JSON.parse(text) as ClaimCell | number;
  return typeof read === 'number' ? { expiresAt: read, attempt: '', answered: true } : read;
}

/** Both are texts of strangers, of any length and characters. */
function nameOf(issuer: string, jti: string): string {
  return createHash('sha256')
    .update(JSON.stringify([issuer, jti]))
    .digest('hex');
}
