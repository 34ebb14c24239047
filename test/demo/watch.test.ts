import { expect, test } from 'vitest';
import { happening } from '../../demo/watch.ts';
import type { AuditedIdentity, KeyEvent, LoginEvent, LoginStep } from '../../src/audit/event.ts';

const ADA: AuditedIdentity = {
  issuerName: 'demo',
  issuer: 'http://127.0.0.1:9000',
  subject: 'ada',
  tokenHash: '0'.repeat(64),
};

function loginEvent(step: LoginStep, more: Partial<LoginEvent> = {}): LoginEvent {
  const common = { time: 0, requestId: '1', door: 'login', address: '127.0.0.1' } as const;
  return { ...common, type: 'login', step, identity: ADA, ...more };
}

const key: KeyEvent = {
  type: 'key',
  time: 0,
  account: 'APP',
  slot: 'orders',
  publicKey: 'A',
  from: 'staged',
  to: 'active',
  reason: 'requested',
};

test('what a person does is printed with their name', () => {
  const texts = (['signed-in', 'signed-out', 'agreed', 'refused'] as const).map(
    (step) => happening(loginEvent(step, { program: 'nats-sts on lovelace' }))?.text,
  );
  expect(texts).toEqual([
    'Ada Lovelace signed in',
    'Ada Lovelace signed out',
    'Ada Lovelace agreed to hand a credential to nats-sts on lovelace',
    'Ada Lovelace refused to hand a credential to nats-sts on lovelace',
  ]);
});

test('steps that another record describes better are not printed', () => {
  const steps = ['begun', 'device-begun', 'handed-over', 'renewed'] as const;
  expect(steps.map((step) => happening(loginEvent(step)))).toEqual(steps.map(() => undefined));
});

test('a new signing key is printed if somebody asked for it, not if it was due', () => {
  expect(happening(key)?.text).toBe('a new signing key signs for role orders');
  expect(happening({ ...key, reason: 'schedule' })).toBeUndefined();
  expect(happening({ ...key, to: 'draining' })).toBeUndefined();
});

test('revoked users are printed, expired revocations are not', () => {
  const event = { type: 'revoked-users', time: 0, account: 'APP', count: 3 } as const;
  expect(happening({ ...event, cause: 'gone' })).toBeUndefined();
  expect(happening({ ...event, cause: 'revoked' })).toEqual({
    text: '3 credentials were revoked',
    style: 'red',
  });
});
