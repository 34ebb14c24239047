import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import { parseToken } from '../../src/identity/token.ts';

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const HEADER = encode({ alg: 'RS256' });
const PAYLOAD = encode({ sub: 'jdoe' });
const TOKEN = `${HEADER}.${PAYLOAD}.AAAA`;

function reason(token: string, maxBytes = 1024): string {
  const parsed = parseToken(token, maxBytes);
  return parsed instanceof Refusal ? parsed.reason : 'read';
}

describe('a token is taken apart', () => {
  test('into header, payload, signature and what the signature is over', () => {
    expect(parseToken(TOKEN, 1024)).toEqual({
      header: { alg: 'RS256' },
      payload: { sub: 'jdoe' },
      signature: Buffer.from([0, 0, 0]),
      signingInput: Buffer.from(`${HEADER}.${PAYLOAD}`),
    });
  });

  test('only up to the size limit, which is looked at first', () => {
    expect(reason(TOKEN, TOKEN.length)).toBe('read');
    expect(reason(TOKEN, TOKEN.length - 1)).toBe('token_too_large');
    expect(reason('.'.repeat(1_000_000))).toBe('token_too_large');
  });

  test.each([
    ['', 'token_not_a_jwt'],
    ['opaque', 'token_not_a_jwt'],
    [`${HEADER}.${PAYLOAD}`, 'token_not_a_jwt'],
    [`${TOKEN}.AAAA`, 'token_not_a_jwt'],
    [`${TOKEN}.AAAA.AAAA`, 'token_encrypted'],
    ['....', 'token_encrypted'],
    [`${TOKEN}.AAAA.AAAA.AAAA`, 'token_not_a_jwt'],
  ])('only when it has exactly three parts: %s', (token, expected) => {
    expect(reason(token)).toBe(expected);
  });

  test.each([
    ['padding', `${HEADER}.${PAYLOAD}.AA==`],
    ['the other base64 alphabet', `${HEADER}.${PAYLOAD}.++//`],
    ['stray bits in the last character', `${HEADER}.${PAYLOAD}.AB`],
    ['a length no bytes encode to', `${HEADER}.${PAYLOAD}.AAAAA`],
    ['whitespace', `${HEADER}.${PAYLOAD}.AAAA\n`],
    ['whitespace before', ` ${TOKEN}`],
    ['foreign characters in the payload', `${HEADER}.${PAYLOAD}é.AAAA`],
    ['foreign characters in the header', `${HEADER}\0.${PAYLOAD}.AAAA`],
  ])('never with %s: each token has one spelling', (_what, token) => {
    expect(reason(token)).toBe('token_malformed');
  });

  test('never when it is not UTF-8', () => {
    const latin1 = Buffer.from('{"sub":"jos\xe9"}', 'latin1').toString('base64url');
    expect(reason(`${HEADER}.${latin1}.AAAA`)).toBe('token_malformed');
  });

  test.each(['header', 'payload'])('never when a member name stands in its %s twice', (part) => {
    const twice = Buffer.from('{"sub":"a","sub":"b"}').toString('base64url');
    const token = part === 'header' ? `${twice}.${PAYLOAD}.AAAA` : `${HEADER}.${twice}.AAAA`;
    const parsed = parseToken(token, 1024);
    expect(parsed).toMatchObject({
      reason: 'token_malformed',
      message: `The token's ${part} cannot be read: a member name appears twice.`,
    });
  });

  test('or refused, whatever the text: no exception, and no two texts with the same parts', () => {
    const segment = fc.oneof(
      fc.constantFrom(HEADER, PAYLOAD, 'AAAA', ''),
      fc.string(),
      fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64url')),
    );
    const token = fc.array(segment, { maxLength: 6 }).map((segments) => segments.join('.'));
    fc.assert(
      fc.property(token, (text) => {
        const parsed = parseToken(text, 1024);
        if (parsed instanceof Refusal) return;
        const again = `${parsed.signingInput.toString()}.${parsed.signature.toString('base64url')}`;
        expect(again).toBe(text);
      }),
    );
  });
});
