import { expect, test } from 'vitest';
import {
  limitWords,
  permissionWords,
  sizeWords,
} from '../../../../src/http/pages/words/permissions.ts';
import type { Grant, RoleSpec } from '../../../../src/policy/policy.ts';
import { binding, granted, identity, policyOf, role } from '../../../policy/support.ts';

function grantOf(changes: Partial<RoleSpec>): Grant {
  const policy = policyOf([role('reader', changes)], [binding({ match: { sub: 'x' } })]);
  return granted(policy.decide(identity({ sub: 'x' }), {}));
}

test('publishing comes first, each with its exceptions', () => {
  const grant = grantOf({
    publish: { allow: ['a.>'], deny: ['a.b'] },
    subscribe: { allow: ['c'], deny: [] },
  });
  expect(permissionWords(grant)).toEqual([
    {
      heading: 'You can publish to',
      allowed: [{ words: 'everything under “a”', subject: 'a.>' }],
      except: [{ words: 'just this subject', subject: 'a.b' }],
    },
    {
      heading: 'You can subscribe to',
      allowed: [{ words: 'just this subject', subject: 'c' }],
      except: [],
    },
  ]);
});

test('if nothing is allowed, there are no exceptions', () => {
  const grant = grantOf({ publish: { allow: [], deny: ['a'] } });
  expect(permissionWords(grant)[0]).toMatchObject({ allowed: [], except: [] });
});

test.each([
  [1, 'anyone who sends you a request: one answer to each, within 1 minute'],
  [3, 'anyone who sends you a request: up to 3 answers to each, within 1 minute'],
])('permission to reply is shown under publishing (%i)', (max, words) => {
  const grant = grantOf({ publish: { allow: [], deny: [] }, responses: { max, ttlSeconds: 60 } });
  expect(permissionWords(grant)[0]?.allowed).toEqual([{ words }]);
});

test('limits are shown as phrases, and absent limits are not shown', () => {
  expect(limitWords(grantOf({}))).toEqual([]);
  const grant = grantOf({
    limits: { subscriptions: 10, payloadBytes: 65_536, dataBytes: 1000 },
    sources: ['10.0.0.0/8', 'fd00::/8'],
    times: [
      { start: '08:00:00', end: '12:30:00' },
      { start: '13:00:30', end: '18:00:00' },
    ],
    timezone: 'Europe/Berlin',
    connectionTypes: ['WEBSOCKET', 'MQTT'],
  });
  expect(Object.fromEntries(limitWords(grant))).toEqual({
    Subscriptions: 'at most 10 at once',
    'Message size': 'at most 64 KiB',
    Data: 'at most 1000 bytes',
    Networks: 'only from 10.0.0.0/8, fd00::/8',
    'Time of day': 'only 08:00–12:30, 13:00:30–18:00 (Europe/Berlin)',
    Connections: 'only WEBSOCKET, MQTT',
  });
});

test.each([
  [1, '1 byte'],
  [0, '0 bytes'],
  [1023, '1023 bytes'],
  [1024, '1 KiB'],
  [1536, '1536 bytes'],
  [3 * 1024 ** 2, '3 MiB'],
  [2 * 1024 ** 4, '2048 GiB'],
])('%i bytes are %s', (bytes, words) => {
  expect(sizeWords(bytes)).toBe(words);
});
