import { connect, credsAuthenticator } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { sameTemplate, templateFault } from '../../src/account/template.ts';
import { parseExactJson } from '../../src/nats/exact-json.ts';
import { publishTo } from '../support/nats-traffic.ts';
import { createOperatorWorld } from '../support/operator-world.ts';
import { PATIENCE_MILLISECONDS } from '../support/patience.ts';

const limits = { subs: -1, data: -1, payload: -1 };

describe('templates are the same', () => {
  test.each([
    ['with empty permissions and without', { ...limits, pub: {}, sub: { allow: [] } }, limits],
    ['in any order of their lists', pub('a', 'b'), pub('b', 'a')],
    ['with `false` and without', { ...limits, bearer_token: false }, limits],
    ['with no limits and without limits', {}, limits],
  ])('%s', (_, a, b) => {
    expect(sameTemplate(a, b)).toBe(true);
  });

  test.each([
    ['other subjects', pub('a'), pub('b')],
    ['replies allowed', { ...limits, resp: { max: 1, ttl: 0 } }, limits],
    ['a limit', { ...limits, subs: 1 }, limits],
    ['a limit of 0', { ...limits, payload: 0 }, limits],
  ])('but not with %s', (_, a, b) => {
    expect(sameTemplate(a, b)).toBe(false);
  });
});

describe('numbers in the digits of other tools', () => {
  const written = (payload: string) =>
    parseExactJson(`{"subs":-1,"data":-1,"payload":${payload}}`) as typeof limits;

  test('are the numbers they are', () => {
    const wanted = { ...limits, payload: 1000 };
    expect(sameTemplate(written('1e3'), wanted)).toBe(true);
    expect(templateFault(written('1e3'), wanted)).toBeUndefined();
  });

  test('are above a limit even if JavaScript cannot hold them', () => {
    expect(templateFault(written('9223372036854775807'), { ...limits, payload: 100 })).toBe(
      'its limit payload is above 100',
    );
  });
});

describe('a template allows no more than the role', () => {
  test.each([
    ['when it is the same', pub('orders.>'), pub('orders.>')],
    ['when its subjects are narrower', pub('orders.a', 'orders.*.b'), pub('orders.>')],
    ['when the role allows everything', pub('a'), limits],
    ['when it denies more', { ...limits, pub: { allow: ['a'], deny: ['a.>'] } }, pub('a')],
    ['when its limits are tighter', { ...limits, subs: 5 }, { ...limits, subs: 10 }],
    ['when it is for fewer addresses', { ...limits, src: ['10.0.0.0/8'] }, limits],
    ['when it has no limits and the role has none', {}, limits],
    ['whatever it says of data, which servers do not count', { ...limits, data: 0 }, limits],
    ['when a reference stands for one token', pub('orders.{{tag(x)}}'), pub('orders.*')],
  ])('%s', (_, found, wanted) => {
    expect(templateFault(found, wanted)).toBeUndefined();
  });

  test.each([
    ['it allows publishing to ">"', limits, pub('orders.>')],
    ['it allows publishing to "orders.>"', pub('orders.>'), pub('orders.*')],
    ['it allows publishing to "orders.*"', pub('orders.*'), pub('orders.{{tag(x)}}')],
    ['it allows publishing to "orders"', pub('orders'), pub('orders.>')],
    [
      'it does not deny publishing to "b"',
      pub('a'),
      { ...limits, pub: { allow: ['a'], deny: ['b'] } },
    ],
    ['it allows subscribing to ">"', limits, { ...limits, sub: { allow: ['a'] } }],
    ['it allows more or later replies', { ...limits, resp: { max: 0, ttl: 0 } }, limits],
    ['it lacks the limit subs: 10', limits, { ...limits, subs: 10 }],
    // Servers read a limit that is left out as none.
    ['it lacks the limit payload: 10', { subs: 5 }, { ...limits, payload: 10 }],
    ['its limit subs is above 10', { ...limits, subs: 11 }, { ...limits, subs: 10 }],
    // A number that can't be compared.
    ['its limit subs', { ...limits, subs: {} as number }, { ...limits, subs: 10 }],
    ['more networks (src)', limits, { ...limits, src: ['10.0.0.0/8'] }],
    ['its users need no seed (bearer_token)', { ...limits, bearer_token: true }, limits],
    [
      'it allows more kinds of connection',
      limits,
      { ...limits, allowed_connection_types: ['STANDARD'] },
    ],
    [
      'it allows more times of the day',
      limits,
      { ...limits, times: [{ start: '08:00:00', end: '09:00:00' }] },
    ],
  ])('but not when %s', (why, found, wanted) => {
    expect(templateFault(found, wanted)).toContain(why);
  });
});

test.each([
  ['subs', 'no subscription gets through'],
  ['payload', 'no message that is not empty gets through'],
])('nor when its limit %s is 0', (limit, why) => {
  const found = { ...limits, [limit]: 0 };
  expect(templateFault(found, limits)).toBe(`its limit ${limit} is 0: ${why}`);
  expect(templateFault(found, found)).toBeUndefined();
});

test('that is how servers read limits: left out as none, 0 as nothing at all', async () => {
  const scopes = {
    none: { subs: undefined, data: undefined, payload: undefined } as object,
    data: { data: 0 },
    subs: { subs: 0 },
    payload: { payload: 0 },
  };
  const world = createOperatorWorld({ accounts: { APP: { scopes } } });
  await using server = await world.start();
  /** Whether a user of the role hears what it publishes. */
  const works = async (role: string): Promise<boolean> => {
    const connection = await connect({
      servers: server.url,
      authenticator: credsAuthenticator(Buffer.from(world.user({ role }).creds)),
      reconnect: false,
      timeout: PATIENCE_MILLISECONDS,
    });
    let heard = false;
    connection.subscribe('a', {
      callback: (fault) => {
        heard = fault === null;
      },
    });
    // A connection that may have no subscription soon ends.
    const published = publishTo(connection, ['a']).catch(() => undefined);
    await Promise.race([published, connection.closed()]);
    await connection.close();
    return heard;
  };
  expect(await works('none')).toBe(true);
  expect(await works('data')).toBe(true);
  expect(await works('subs')).toBe(false);
  expect(await works('payload')).toBe(false);
});

function pub(...allow: string[]) {
  return { ...limits, pub: { allow } };
}
