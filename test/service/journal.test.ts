import { expect, test } from 'vitest';
import { createMemoryLog } from '../../src/audit/sinks/memory.ts';
import { Refusal, type RefusalReason } from '../../src/errors.ts';
import type { Identity } from '../../src/identity/identity.ts';
import { journalOf } from '../../src/service/journal.ts';
import { createMetrics } from '../../src/service/metrics/service-metrics.ts';
import { captureLog } from '../support/captured-log.ts';

const CALLER = { requestId: 'r1', address: '192.0.2.7' };
const ADA: Identity = {
  issuerName: 'people',
  issuer: 'https://login.example.com',
  subject: 'ada',
  kind: 'id_token',
  claims: { name: 'Ada' },
  issuedAt: 1,
  expiresAt: 2,
  tokenHash: 'a'.repeat(64),
};

function journal() {
  const audit = createMemoryLog();
  const metrics = createMetrics({ version: '0', droppedRejections: () => 0, issuers: () => [] });
  const { log, lines } = captureLog();
  const told = journalOf({ audit, metrics, log, clock: { now: () => 42 } });
  return { audit, metrics, lines, journal: told };
}

test('a step is recorded with its identity, and counted', async () => {
  const { audit, metrics, journal: told } = journal();
  expect(
    await told.record({ step: 'signed-in', identity: ADA, session: 's1' }, CALLER),
  ).toBeUndefined();
  const { claims: _claims, kind: _kind, issuedAt: _at, expiresAt: _end, ...identity } = ADA;
  expect([...audit.list()]).toEqual([
    {
      type: 'login',
      step: 'signed-in',
      time: 42,
      door: 'login',
      ...CALLER,
      identity,
      session: 's1',
    },
  ]);
  expect(await metrics.registry.metrics()).toContain(
    'nats_sts_login_steps_total{step="signed-in",issuer="people",outcome="ok"} 1',
  );
});

test('a step that failed has its reason in both, and its detail only in the record', async () => {
  const { audit, metrics, journal: told } = journal();
  const refusal = new Refusal('login_failed', 'It did not work.', { detail: 'invalid_client' });
  await told.refuse({ issuerName: 'people', refusal }, CALLER);
  expect([...audit.list()]).toMatchObject([
    {
      issuerName: 'people',
      reason: 'login_failed',
      message: 'It did not work.',
      detail: 'invalid_client',
    },
  ]);
  const text = await metrics.registry.metrics();
  expect(text).toContain('{step="failed",issuer="people",outcome="login_failed"} 1');
  expect(text).not.toContain('invalid_client');
});

test('the log has what an operator must fix, and nothing about people who canceled', async () => {
  const { lines, journal: told } = journal();
  const fail = (reason: RefusalReason) => {
    const refusal = new Refusal(reason, 'It did not work.', { detail: '401 invalid_client' });
    return told.refuse({ issuerName: 'people', refusal }, CALLER);
  };
  await fail('login_refused');
  await fail('login_unknown');
  expect(lines).toEqual([]);
  await fail('login_failed');
  expect(JSON.parse(lines[0]!)).toMatchObject({
    level: 'warn',
    issuer: 'people',
    reason: 'login_failed',
    detail: '401 invalid_client',
    requestId: 'r1',
    msg: 'sign-in failed',
  });
  await fail('issuer_unavailable');
  expect(lines).toHaveLength(2);
});

test('a step that cannot be recorded is refused', async () => {
  const { audit, metrics, journal: told } = journal();
  audit.breakWith(new Error('disk full'));
  const refusal = await told.record({ step: 'signed-in', identity: ADA }, CALLER);
  expect(refusal?.reason).toBe('audit_unavailable');
  expect(await metrics.registry.metrics()).toContain('outcome="audit_unavailable"} 1');
});
