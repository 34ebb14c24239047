import { expect, test } from 'vitest';
import { givenKeys } from '../../src/keyring/given-keys.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { fromPublic } from '@nats-io/nkeys';

const account = createKeyPair('account').publicKey;
const [plain, second, forReader, forWriter] = Array.from({ length: 4 }, () =>
  createKeyPair('account'),
);

function ring(...signingKeys: { pair: typeof plain; role?: string }[]) {
  return givenKeys([
    {
      name: 'APP',
      publicKey: account,
      signingKeys: signingKeys.map(({ pair, ...more }) => ({ seed: pair!.seed(), ...more })),
    },
  ]);
}

test('the key that is tied to a role signs for it, wherever it stands in the list', () => {
  const keys = ring({ pair: plain }, { pair: forReader, role: 'reader' });
  expect(keys.active('APP', 'reader')).toMatchObject({
    publicKey: forReader!.publicKey,
    account,
    scopedTo: 'reader',
  });
});

test('the first key that is tied to no role signs for all others', () => {
  const keys = ring({ pair: forReader, role: 'reader' }, { pair: plain }, { pair: second });
  expect(keys.active('APP', 'writer')).toMatchObject({
    publicKey: plain!.publicKey,
    scopedTo: undefined,
  });
});

test('a key that is tied to one role never signs for another', () => {
  const keys = ring({ pair: forReader, role: 'reader' }, { pair: forWriter, role: 'writer' });
  expect(keys.active('APP', 'admin')).toBeUndefined();
});

test('an account that is not given has no key', () => {
  expect(ring({ pair: plain }).active('OTHER', 'reader')).toBeUndefined();
});

test('the signature is the one that the public key verifies', () => {
  const key = ring({ pair: plain }).active('APP', 'reader')!;
  const message = Buffer.from('message');
  expect(fromPublic(key.publicKey).verify(message, key.sign(message))).toBe(true);
});
