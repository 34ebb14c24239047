import { isUtf8 } from 'node:buffer';
import { Refusal } from '../errors.ts';
import { parsePayload } from './payload.ts';
import { type JsonObject, type JsonProblem, parseStrictObject } from './strict-json.ts';

/** A JWS in compact form (RFC 7515 §7.1), taken apart but not yet believed. */
export interface ParsedToken {
  readonly header: JsonObject;
  readonly payload: JsonObject;
  /** The bytes that the signature is over: header and payload as they came, with the dot. */
  readonly signingInput: Buffer;
  readonly signature: Buffer;
}

/**
 * Takes a token apart. Length and dots are bounded before anything is decoded; every part must be
 * unpadded base64url in its one canonical spelling, so that no two texts are the same token.
 */
export function parseToken(token: string, maxBytes: number): ParsedToken | Refusal {
  if (token.length > maxBytes) return tooLarge(maxBytes);
  const firstDot = token.indexOf('.');
  const secondDot = token.indexOf('.', firstDot + 1);
  if (firstDot === -1 || secondDot === -1) return notAJwt();
  if (token.includes('.', secondDot + 1)) return encryptedOrNotAJwt(token, secondDot + 1);

  const header = decodeObject(token.slice(0, firstDot), 'header');
  if (header instanceof Refusal) return header;
  const payload = decodeObject(token.slice(firstDot + 1, secondDot), 'payload');
  if (payload instanceof Refusal) return payload;
  const signature = decodeBase64Url(token.slice(secondDot + 1));
  if (signature === undefined) return malformed('signature', 'not canonical unpadded base64url');

  const signingInput = Buffer.from(token.slice(0, secondDot), 'latin1');
  return { header, payload, signingInput, signature };
}

function decodeObject(segment: string, part: 'header' | 'payload'): JsonObject | Refusal {
  const bytes = decodeBase64Url(segment);
  if (bytes === undefined) return malformed(part, 'not canonical unpadded base64url');
  if (!isUtf8(bytes)) return malformed(part, 'not UTF-8');
  const text = bytes.toString('utf8');
  const parsed = part === 'payload' ? parsePayload(text) : parseStrictObject(text);
  return typeof parsed === 'string' ? malformed(part, JSON_PROBLEMS[parsed]) : parsed;
}

/**
 * RFC 7515 §2, strictly. Node's decoder forgives foreign characters, padding and stray bits in the
 * last character; encoding again shows whether it had to.
 */
function decodeBase64Url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

export const JSON_PROBLEMS: Readonly<Record<JsonProblem, string>> = {
  not_json: 'not JSON',
  not_an_object: 'not a JSON object',
  duplicate_name: 'a member name appears twice',
  forbidden_name: 'a member is named __proto__',
  too_deep: 'nested too deeply',
  too_many_values: 'too many values',
  number_out_of_range: 'a number is out of range',
  unpaired_surrogate: 'a string is not valid Unicode',
};

function malformed(part: string, problem: string): Refusal {
  return new Refusal('token_malformed', `The token's ${part} cannot be read: ${problem}.`);
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal('token_too_large', `The token is larger than ${maxBytes} bytes.`);
}

function notAJwt(): Refusal {
  return new Refusal(
    'token_not_a_jwt',
    'The token is not a signed JWT. Some providers hand out opaque access tokens: ' +
      'ask for an ID token, or for an access token meant for this service.',
  );
}

/** Five parts are a JWE (RFC 7516 §7.1); the signing side of another party can't be judged through it. */
function encryptedOrNotAJwt(token: string, from: number): Refusal {
  const thirdDot = token.indexOf('.', from);
  const fourthDot = token.indexOf('.', thirdDot + 1);
  const five = fourthDot !== -1 && !token.includes('.', fourthDot + 1);
  if (!five) return notAJwt();
  return new Refusal(
    'token_encrypted',
    'The token is encrypted (JWE), but this service reads only signed tokens: have the issuer send it unencrypted.',
  );
}
