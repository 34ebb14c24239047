import { Refusal } from '../../errors.ts';
import { isPublicKey } from '../../nats/nkeys.ts';
import type { RevocationTarget } from '../../revocation/revocation.ts';

/** The target of a revocation, as a request names it. */
export interface TargetBody {
  readonly issuer?: string;
  readonly subject?: string;
  readonly nkey?: string;
  readonly role?: string;
  readonly binding?: string;
}

/** Exactly one target: several could mean all of them or any of them. */
export function targetOf({
  issuer,
  subject,
  nkey,
  role,
  binding,
}: TargetBody): RevocationTarget | Refusal {
  const identity = issuer !== undefined || subject !== undefined;
  if (
    [identity, nkey, role, binding].filter((one) => one !== undefined && one !== false).length !== 1
  )
    return ONE_TARGET;
  if (nkey !== undefined) return isPublicKey('user', nkey) ? { nkey } : NKEY_INVALID;
  if (role !== undefined) return { role };
  if (binding !== undefined) return { binding };
  return issuer !== undefined && subject !== undefined ? { issuer, subject } : ONE_TARGET;
}

const ONE_TARGET = new Refusal(
  'parameter_invalid',
  'Name one target: issuer and subject, or nkey, or role, or binding.',
);

const NKEY_INVALID = new Refusal(
  'nkey_invalid',
  'The nkey is not a public user key: it must start with U and have a valid checksum.',
);
