import { expect, test } from 'vitest';
import { readJson } from '../../src/cli/service-call.ts';

/** An answer that continues as long as it is read. */
function endless(): { response: Response; taken: () => number } {
  let taken = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      taken += 1024;
      controller.enqueue(new Uint8Array(1024).fill(0x20));
    },
  });
  return { response: new Response(body), taken: () => taken };
}

test('an answer is read as JSON', async () => {
  expect(await readJson(new Response('{"a":1}'), 100)).toEqual({ a: 1 });
  expect(await readJson(new Response('<html>'), 100)).toBeUndefined();
  expect(await readJson(new Response(null), 100)).toBeUndefined();
});

test('an answer that is too long counts as none and is not read further', async () => {
  expect(await readJson(new Response('{"a":1}'), 7)).toEqual({ a: 1 });
  expect(await readJson(new Response('{"a":1} '), 7)).toBeUndefined();
  const { response, taken } = endless();
  expect(await readJson(response, 10_000)).toBeUndefined();
  expect(taken()).toBeLessThan(20_000);
});
