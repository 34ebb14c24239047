import { createHash } from 'node:crypto';
import { type Clock, unixSeconds } from '../clock.ts';
import { type BucketOptions, isConflict, openBucket, orUnavailable } from './jetstream-bucket.ts';

export interface JetStreamSingleUseOptions extends Omit<BucketOptions, 'bucket'> {
  /** Name of the shared state's bucket; this one is beside it, with `_single_use` at its end. */
  readonly bucket: string;
  readonly clock: Clock;
}

/** The port `SingleUse` of identity/, for any number of processes. A claim costs one write to the store. */
export interface JetStreamSingleUse {
  /** Throws `StoreUnavailable` when it can't be remembered. `expiresAt` in Unix seconds. */
  claim(issuer: string, jti: string, expiresAt: number): Promise<boolean>;
}

/** A claim is remembered so much longer: another process's clock may be behind. */
const MARGIN_SECONDS = 60;

/** @throws StoreUnavailable when the bucket can't be opened now. The connection stays its owner's. */
export async function openJetStreamSingleUse({
  clock,
  ...options
}: JetStreamSingleUseOptions): Promise<JetStreamSingleUse> {
  const { kv } = await openBucket({ ...options, bucket: `${options.bucket}_single_use` });

  async function claim(key: string, expiresAt: number): Promise<boolean> {
    const now = unixSeconds(clock);
    const seconds = Math.max(0, Math.ceil(expiresAt) - now) + MARGIN_SECONDS;
    try {
      await kv.create(key, `${expiresAt}`, `${seconds}s`);
      return true;
    } catch (fault) {
      if (!isConflict(fault)) throw fault;
    }
    const known = await kv.get(key);
    if (known === null) return claim(key, expiresAt);
    if (Number(known.string()) > now) return false;
    // Expired, and only kept for the margin. Whoever takes it away first may claim it anew.
    return takeOver(key, known.revision, expiresAt);
  }

  async function takeOver(key: string, revision: number, expiresAt: number): Promise<boolean> {
    try {
      await kv.purge(key, { previousSeq: revision, ttl: `${MARGIN_SECONDS}s` });
    } catch (fault) {
      if (isConflict(fault)) return false;
      throw fault;
    }
    return claim(key, expiresAt);
  }

  return {
    claim: (issuer, jti, expiresAt) =>
      orUnavailable(options.connection, "the claim of a token can't be remembered", () =>
        claim(nameOf(issuer, jti), expiresAt),
      ),
  };
}

/** Both are texts of strangers, of any length and characters. */
function nameOf(issuer: string, jti: string): string {
  return createHash('sha256')
    .update(JSON.stringify([issuer, jti]))
    .digest('hex');
}
