import { expect, test } from 'vitest';
import { subjectWords } from '../../../../src/http/pages/words/subjects.ts';

test.each([
  ['>', 'everything'],
  ['orders', 'just this subject'],
  ['orders.created', 'just this subject'],
  ['orders.>', 'everything under “orders”'],
  ['orders.eu.>', 'everything under “orders.eu”'],
  ['orders.*', '“orders”, then any one word'],
  ['orders.*.created', '“orders”, then any one word, then “created”'],
  ['orders.*.*', '“orders”, then any 2 words'],
  ['*.created', 'any one word, then “created”'],
  ['orders.*.>', '“orders”, then any one word, then anything'],
  ['*', 'any one word'],
  ['*.*', 'any 2 words'],
  ['*.>', 'any one word, then anything'],
  ['*.orders.>', 'any one word, then “orders”, then anything'],
])('%s reads: %s', (subject, words) => {
  expect(subjectWords(subject, 'publish')).toEqual({ words, subject });
});

test('inboxes are described by their purpose, for each direction', () => {
  expect(subjectWords('_INBOX.>', 'subscribe').words).toBe('replies to your own requests');
  expect(subjectWords('_INBOX.>', 'publish').words).toBe('replies to anyone’s requests');
});

test.each([
  ['$JS.API.>', 'the whole JetStream API'],
  ['$JS.ACK.>', 'acknowledgements of JetStream messages'],
  ['$SRV.>', 'service discovery'],
  ['$KV.stock.>', 'all keys of the bucket “stock”'],
  ['$O.pictures.>', 'all objects of the store “pictures”'],
  ['$KV.>', 'everything under “$KV”'],
  ['$KV.*.>', '“$KV”, then any one word, then anything'],
])('%s, which NATS itself uses, reads: %s', (subject, words) => {
  expect(subjectWords(subject, 'subscribe').words).toBe(words);
});

test('a queue rule names its group', () => {
  expect(subjectWords('orders.> workers', 'subscribe')).toEqual({
    words: 'everything under “orders”, shared with the queue group “workers”',
    subject: 'orders.> workers',
  });
});
