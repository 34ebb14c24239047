import { readFileSync } from 'node:fs';
import { fromSeed } from '@nats-io/nkeys';
import { keyOf } from '../../account/account-jwt.ts';
import { parseCreds } from '../../nats/creds.ts';
import { Malformed } from '../../nats/malformed.ts';
import { mayIssueAccounts } from '../../nats/operator-jwt.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { createSystemUser } from '../init/trust.ts';
import { type NscAccount, type NscOperator, seedOf } from './nsc-store.ts';

/** A signing key of the operator. `seed` is secret. */
export interface OperatorKey {
  readonly publicKey: string;
  readonly seed: string;
}

/** The `wanted` signing key, else the newest one whose seed is in the key store; undefined if there is none. */
export function operatorKey(
  { operator }: NscOperator,
  keys: string,
  wanted?: string,
): OperatorKey | undefined {
  if (wanted !== undefined && !operator.signingKeys.includes(wanted)) {
    const list = operator.signingKeys.join(', ') || 'none';
    throw new CliError(
      ExitCode.failed,
      `--operator-key: the operator has no signing key ${wanted}; it has ${list}`,
    );
  }
  const candidates = wanted === undefined ? operator.signingKeys.toReversed() : [wanted];
  for (const publicKey of candidates) {
    const seed = mayIssueAccounts(operator, publicKey) ? seedOf(publicKey, keys) : undefined;
    if (seed !== undefined) return { publicKey, seed };
  }
  return undefined;
}

export interface SystemUser {
  /** Creds file. Secret. */
  readonly creds: string;
  /** Public key of a user created by this run: nsc does not know it. */
  readonly made?: string;
}

/** Creds that you made with nsc or nats auth. */
export function givenSystemUser(file: string): SystemUser {
  let creds: string;
  try {
    creds = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CliError(ExitCode.failed, `cannot read ${file}: ${String(cause)}`, { cause });
  }
  const read = parseCreds(creds);
  if (!(read instanceof Malformed)) return { creds };
  throw new CliError(ExitCode.failed, `${file} is not a credentials file: ${read.problem}`);
}

/**
 * Creates a system account user with only the permissions that nats-sts needs, signed by a key of the account whose
 * seed is in the key store; undefined if there is none.
 */
export async function makeSystemUser(
  system: NscAccount,
  keys: string,
): Promise<SystemUser | undefined> {
  const { sub, nats } = system.claims;
  // A scoped key would replace these permissions by its own.
  const plain = (nats.signing_keys ?? []).filter((key) => typeof key === 'string').map(keyOf);
  const identity = nats['strict_signing_key_usage'] === true ? [] : [sub];
  for (const publicKey of [...plain, ...identity]) {
    const seed = seedOf(publicKey, keys);
    if (seed === undefined) continue;
    const signer = fromSeed(new TextEncoder().encode(seed));
    const { creds, publicKey: made } = await createSystemUser({ account: sub, signer });
    signer.clear();
    return { creds, made };
  }
  return undefined;
}
