import { describe, expect, test } from 'vitest';
import { noWider, sameTemplate } from '../../src/account/template.ts';

const limits = { subs: -1, data: -1, payload: -1 };

describe('templates are the same', () => {
  test.each([
    ['with empty permissions and without', { ...limits, pub: {}, sub: { allow: [] } }, limits],
    ['in any order of their lists', pub('a', 'b'), pub('b', 'a')],
    ['with `false` and without', { ...limits, bearer_token: false }, limits],
  ])('%s', (_, a, b) => {
    expect(sameTemplate(a, b)).toBe(true);
  });

  test.each([
    ['other subjects', pub('a'), pub('b')],
    ['replies allowed', { ...limits, resp: { max: 1, ttl: 0 } }, limits],
    ['a limit', { ...limits, subs: 1 }, limits],
    ['no limits, which are limits of 0', {}, limits],
  ])('but not with %s', (_, a, b) => {
    expect(sameTemplate(a, b)).toBe(false);
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
    ['when a reference stands for one token', pub('orders.{{tag(x)}}'), pub('orders.*')],
  ])('%s', (_, found, wanted) => {
    expect(noWider(found, wanted)).toBe(true);
  });

  test.each([
    ['it allows everything', limits, pub('orders.>')],
    ['a subject is wider', pub('orders.>'), pub('orders.*')],
    ['a wildcard stands for a reference', pub('orders.*'), pub('orders.{{tag(x)}}')],
    ['a subject is another', pub('orders'), pub('orders.>')],
    ['it denies less', pub('a'), { ...limits, pub: { allow: ['a'], deny: ['b'] } }],
    ['it allows replies', { ...limits, resp: { max: 0, ttl: 0 } }, limits],
    ['a limit is missing', limits, { ...limits, subs: 10 }],
    [
      'a limit is no number that can be compared',
      { ...limits, subs: {} as number },
      { ...limits, subs: 10 },
    ],
    ['it is for any address', limits, { ...limits, src: ['10.0.0.0/8'] }],
    ['it needs no seed', { ...limits, bearer_token: true }, limits],
    [
      'it is for more kinds of connection',
      limits,
      { ...limits, allowed_connection_types: ['STANDARD'] },
    ],
    [
      'it is for any time of day',
      limits,
      { ...limits, times: [{ start: '08:00:00', end: '09:00:00' }] },
    ],
  ])('but not when %s', (_, found, wanted) => {
    expect(noWider(found, wanted)).toBe(false);
  });
});

function pub(...allow: string[]) {
  return { ...limits, pub: { allow } };
}
