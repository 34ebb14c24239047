import type { AccountView, ServerView } from '../../src/account/resolver.ts';
import { emptyRing, type KeyScope, type Ring, type RingKey } from '../../src/keyring/ring.ts';
import { account, type AccountBody } from '../support/account-body.ts';
import { encodeJwt } from '../../src/nats/jwt.ts';
import { createKeyPair, type KeyPair } from '../../src/nats/key-pair.ts';

/** Rings and account JWTs for tests of what one means for the other. */

export const NOW = 1_800_000_000_000;
export const NOW_SECONDS = NOW / 1000;

export const operatorKey = createKeyPair('operator');
export const accountKey = createKeyPair('account');

export function publisher(subject = 'orders.>'): KeyScope {
  const template = { pub: { allow: [subject] }, subs: -1, data: -1, payload: -1 };
  return { role: 'publisher', template, tags: {} };
}

export function ringKey(more: Partial<RingKey> = {}): RingKey {
  return {
    publicKey: createKeyPair('account').publicKey,
    slot: more.scope?.role ?? '*',
    state: 'active',
    stagedAt: NOW,
    stagedTerm: 1,
    lifetimeSeconds: 0,
    reason: 'first',
    ...more,
  };
}

export function ringOf(keys: readonly RingKey[], more: Partial<Ring> = {}): Ring {
  const identity = { account: 'APP', publicKey: accountKey.publicKey, kind: 'managed' } as const;
  return { ...emptyRing(identity), keys, ...more };
}

export function accountJwt({
  iat = NOW_SECONDS - 100,
  signer = operatorKey,
  sub = accountKey.publicKey,
  exp,
  ...body
}: Partial<AccountBody> & {
  readonly iat?: number;
  readonly exp?: number;
  readonly signer?: KeyPair;
  readonly sub?: string;
} = {}): string {
  return encodeJwt({
    claims: { sub, name: 'APP', iat, exp, nats: account(body) },
    issuerPublicKey: signer.publicKey,
    sign: signer.sign,
  });
}

/** One server for each: a JWT it has applied, or the state it is in. What is stored is given apart. */
export function viewOf(
  servers: readonly string[],
  stored: readonly string[] = servers.filter((server) => server.includes('.')),
): AccountView {
  return {
    stored,
    servers: servers.map((server, index): ServerView => {
      const identity = { id: `N${index}`, name: `node-${index}` };
      if (server === 'silent' || server === 'not-loaded') return { ...identity, state: server };
      return { ...identity, state: 'applied', jwt: server };
    }),
  };
}
