import type {
  AdminEvent,
  AuditEvent,
  DeniedEvent,
  DriftEvent,
  IssuedEvent,
  KeyEvent,
  RejectedEvent,
  RevocationEvent,
  RevokedUsersEvent,
} from '../../src/audit/event.ts';

const HASH = 'a'.repeat(64);

export const NOW = Date.UTC(2026, 10, 2, 9, 0, 0);

export const identity = {
  issuerName: 'github',
  issuer: 'https://token.actions.githubusercontent.com',
  subject: 'repo:acme/orders:ref:refs/heads/main',
  tokenHash: HASH,
};

export function issued(more: Partial<IssuedEvent> = {}): IssuedEvent {
  return {
    type: 'issued',
    time: NOW,
    requestId: 'req-1',
    door: 'exchange',
    address: '10.1.2.3',
    identity,
    binding: 'deploy jobs of acme',
    role: 'orders-publisher',
    account: 'APP',
    user: `U${'B'.repeat(55)}`,
    signingKey: `A${'C'.repeat(55)}`,
    tokenIssuedAt: NOW / 1000 - 10,
    expiresAt: NOW / 1000 + 900,
    claims: { ref: 'refs/heads/main' },
    ...more,
  };
}

export function denied(more: Partial<DeniedEvent> = {}): DeniedEvent {
  return {
    type: 'denied',
    time: NOW,
    requestId: 'req-2',
    door: 'token',
    address: '10.1.2.4',
    identity,
    reason: 'no_binding',
    message: 'No binding matches this identity.',
    claims: { ref: 'refs/heads/fork' },
    ...more,
  };
}

export function rejected(more: Partial<RejectedEvent> = {}): RejectedEvent {
  return {
    type: 'rejected',
    time: NOW,
    requestId: 'req-3',
    door: 'exchange',
    address: '10.1.2.5',
    reason: 'signature_invalid',
    message: 'The signature of the subject token is not valid.',
    tokenHash: 'b'.repeat(64),
    ...more,
  };
}

export const admin: AdminEvent = {
  type: 'admin',
  time: NOW,
  requestId: 'req-4',
  door: 'admin',
  address: '10.1.2.6',
  identity,
  action: 'revoke-key',
  account: 'APP',
  slot: 'orders-publisher',
  publicKey: `A${'C'.repeat(55)}`,
  reason: 'laptop lost',
};

export const revocation: RevocationEvent = {
  type: 'revocation',
  time: NOW,
  requestId: 'req-5',
  door: 'admin',
  address: '10.1.2.6',
  identity,
  change: 'made',
  id: '0123456789ab',
  target: { issuer: 'entra', subject: 'alice' },
  reason: 'left the company',
  block: true,
};

/** What the service does by itself: nobody asked, from nowhere. */
export const expired: RevocationEvent = {
  type: 'revocation',
  time: NOW,
  change: 'expired',
  id: '0123456789ab',
  target: { role: 'orders-publisher' },
  reason: 'left the company',
  block: false,
};

export const revokedUsers: RevokedUsersEvent = {
  type: 'revoked-users',
  time: NOW,
  account: 'APP',
  count: 3,
  cause: 'revoked',
};

export const key: KeyEvent = {
  type: 'key',
  time: NOW,
  account: 'APP',
  slot: '*',
  publicKey: `A${'C'.repeat(55)}`,
  from: 'staged',
  to: 'active',
  reason: 'schedule',
};

export const drift: DriftEvent = {
  type: 'drift',
  time: NOW,
  account: 'APP',
  lostKeys: [`A${'C'.repeat(55)}`],
  lostRevocations: 2,
  mended: true,
};

export const ids = (events: Iterable<AuditEvent>): (string | undefined)[] =>
  Array.from(events, (event) => ('requestId' in event ? event.requestId : undefined));
