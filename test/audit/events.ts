import type { AuditEvent, DeniedEvent, IssuedEvent, RejectedEvent } from '../../src/audit/event.ts';

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

export const ids = (events: Iterable<AuditEvent>): string[] =>
  Array.from(events, (event) => event.requestId);
