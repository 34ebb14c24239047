import type { LightMyRequestResponse } from 'fastify';
import { createKeyPair } from '../../../src/nats/key-pair.ts';

/** Of a program that asks. */
export const NKEY = createKeyPair('user').publicKey;

export const REDIRECT_URI = 'http://127.0.0.1:53111/callback';

/** A whole authorization request, with changes; undefined leaves a parameter out. */
export function authorizeParameters(
  changes: Readonly<Record<string, string | undefined>> = {},
): Record<string, string> {
  const parameters = {
    response_type: 'code',
    client_id: 'nats-sts',
    redirect_uri: REDIRECT_URI,
    code_challenge: 'a'.repeat(43),
    code_challenge_method: 'S256',
    state: 'xyz',
    nkey: NKEY,
    program: 'a tool on a laptop',
    ...changes,
  };
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}

export function authorizePath(changes?: Readonly<Record<string, string | undefined>>): string {
  return `/authorize?${new URLSearchParams(authorizeParameters(changes)).toString()}`;
}

/** What a form of consent says to which session it was shown. */
export function sessionShown({ body }: LightMyRequestResponse): string {
  return /name="session" value="([^"]+)"/.exec(body)?.[1] ?? '';
}

/** What the page's one `h1` says, as it stands in the HTML. */
export function headingOf({ body }: LightMyRequestResponse): string | undefined {
  return /<h1[^>]*>(.*?)<\/h1>/.exec(body)?.[1];
}

/** `name=value` and the attributes of each cookie that is set. */
export function cookiesSet(answer: LightMyRequestResponse): string[] {
  return [answer.headers['set-cookie'] ?? []].flat();
}
