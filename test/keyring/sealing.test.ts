import { compactDecrypt, decodeProtectedHeader } from 'jose';
import { describe, expect, test } from 'vitest';
import { createSealer, WrongSealingKey } from '../../src/keyring/sealing.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';

const [ONE, TWO] = [1, 2].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array];
const pair = createKeyPair('account');
const { publicKey } = pair;

describe('a sealed seed', () => {
  test('is opened by the key that sealed it', async () => {
    const sealer = createSealer([ONE]);
    expect(await sealer.unseal(publicKey, await sealer.seal(publicKey, pair.seed()))).toBe(
      pair.seed(),
    );
  });

  test('is JWE with A256GCM that another library opens, and shows no more than names', async () => {
    const sealed = await createSealer([ONE]).seal(publicKey, pair.seed());
    expect(decodeProtectedHeader(sealed)).toEqual({
      alg: 'dir',
      enc: 'A256GCM',
      kid: expect.stringMatching(/^[\w-]{8}$/),
      sub: publicKey,
    });
    const { plaintext } = await compactDecrypt(sealed, ONE);
    expect(new TextDecoder().decode(plaintext)).toBe(pair.seed());
  });

  test('is another text each time', async () => {
    const sealer = createSealer([ONE]);
    const texts = await Promise.all([1, 2].map(() => sealer.seal(publicKey, pair.seed())));
    expect(texts[0]).not.toBe(texts[1]);
  });

  test('is not opened by another sealing key, which says what to do', async () => {
    const sealed = await createSealer([ONE]).seal(publicKey, pair.seed());
    const fault: unknown = await createSealer([TWO])
      .unseal(publicKey, sealed)
      .catch((e: unknown) => e);
    expect(fault).toBeInstanceOf(WrongSealingKey);
    expect((fault as Error).message).toContain(
      'sealingKey must be the key that the store was written with',
    );
    expect((fault as Error).message).not.toContain(pair.seed());
  });

  test('is opened by any of several keys, and sealed by the first', async () => {
    const old = await createSealer([ONE]).seal(publicKey, pair.seed());
    const both = createSealer([TWO, ONE]);
    expect(await both.unseal(publicKey, old)).toBe(pair.seed());
    const anew = await both.seal(publicKey, pair.seed());
    expect(await createSealer([TWO]).unseal(publicKey, anew)).toBe(pair.seed());
    await expect(createSealer([ONE]).unseal(publicKey, anew)).rejects.toThrow(WrongSealingKey);
  });

  test('cannot pass as that of another key', async () => {
    const sealer = createSealer([ONE]);
    const sealed = await sealer.seal(publicKey, pair.seed());
    const other = createKeyPair('account').publicKey;
    await expect(sealer.unseal(other, sealed)).rejects.toThrow('it was sealed for another key');
  });

  test('that was sealed under the wrong name is refused', async () => {
    const sealer = createSealer([ONE]);
    const other = createKeyPair('account').publicKey;
    const sealed = await sealer.seal(other, pair.seed());
    await expect(sealer.unseal(other, sealed)).rejects.toThrow('belongs to another key');
  });

  test.each(['', 'not a JWE', 'a.b.c.d.e'])('that is none is refused: %j', async (text) => {
    await expect(createSealer([ONE]).unseal(publicKey, text)).rejects.toThrow(WrongSealingKey);
  });

  test('that was tampered with is refused', async () => {
    const sealer = createSealer([ONE]);
    const parts = (await sealer.seal(publicKey, pair.seed())).split('.');
    const cipher = parts[3]!;
    parts[3] = `${cipher[0] === 'A' ? 'B' : 'A'}${cipher.slice(1)}`;
    await expect(sealer.unseal(publicKey, parts.join('.'))).rejects.toThrow(WrongSealingKey);
  });
});

test('nothing is sealed without a sealing key', async () => {
  await expect(createSealer([]).seal(publicKey, pair.seed())).rejects.toThrow('no sealing key');
});
