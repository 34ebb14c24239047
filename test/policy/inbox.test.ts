import { expect, test } from 'vitest';
import { inboxPrefix } from '../../src/policy/inbox.ts';

const of = (allow: readonly string[], deny: readonly string[] = []) => inboxPrefix({ allow, deny });

test.each([
  [['_INBOX_orders.>'], '_INBOX_orders'],
  [['orders.>', '_INBOX.orders.>'], '_INBOX.orders'],
  [['_INBOX_orders.>', 'orders.> workers'], '_INBOX_orders'],
])('a private inbox has a prefix that clients must be told: %j', (allow, prefix) => {
  expect(of(allow)).toBe(prefix);
});

test.each([
  ['the usual ones are allowed', ['_INBOX.>']],
  ['the usual ones are allowed, too', ['_INBOX_orders.>', '_INBOX.>']],
  ['everything is', ['>', '_INBOX_orders.>']],
  ['there are several', ['_INBOX_orders.>', '_INBOX_news.>']],
  ['there is none', ['orders.>']],
  ['it is for a queue group', ['_INBOX_orders.> workers']],
  ['it is a wildcard', ['_INBOX.*.>', '_INBOX_*.>']],
  ['it is for answers of one token', ['_INBOX_orders.*']],
])('there is no prefix to be told where %s', (_, allow) => {
  expect(of(allow)).toBeUndefined();
});

test('the usual inboxes are out where they are denied', () => {
  expect(of(['>', '_INBOX_orders.>'], ['_INBOX.>'])).toBeUndefined();
  expect(of(['_INBOX.>', '_INBOX_orders.>'], ['_INBOX.>'])).toBe('_INBOX_orders');
});
