import { Refusal } from '../errors.ts';
import type { PendingKey } from './key-ring.ts';

/** Refusals of an exchange because no key can sign for its role now. */

/** NATS rejects all users of the account. `why` completes a sentence in `detail`; callers do not see it. */
export function closedAccount(account: string, why: string): Refusal {
  return new Refusal(
    'account_unavailable',
    'NATS refuses all users of the account of this role right now. Try again later.',
    { detail: `account ${account}: ${why}`, retryAfterSeconds: 30 },
  );
}

/** No key signs for the role; `pending`: one will soon. */
export function noKey(account: string, role: string, pending: PendingKey | undefined): Refusal {
  if (pending) return keyPending(account, role, pending);
  return new Refusal(
    'signing_key_unavailable',
    'The service has no signing key for this role right now. Try again later.',
    { detail: `account ${account}, role ${role}`, retryAfterSeconds: 30 },
  );
}

function keyPending(
  account: string,
  role: string,
  { stage, seconds, waitsFor, obstacle }: PendingKey,
): Refusal {
  const servers = waitsFor.length === 0 ? '' : `; not on ${waitsFor.join(', ')}`;
  const why = obstacle === undefined ? '' : `; ${obstacle}`;
  const time =
    obstacle === undefined
      ? '. Try again soon.'
      : '. Nobody knows how long that takes: the rotator cannot work with the NATS servers now. Try again later.';
  return new Refusal(
    'signing_key_pending',
    `The signing key of role ${role} is ${STAGES[stage]}${time}`,
    { detail: `account ${account}, role ${role}${servers}${why}`, retryAfterSeconds: seconds },
  );
}

const STAGES = {
  'being made': 'not created yet',
  'not on every server': 'not on every NATS server yet',
  waiting: 'on every NATS server, but does not sign until no older account JWT can arrive there',
} as const satisfies Record<PendingKey['stage'], string>;
