import { readFileSync } from 'node:fs';
import {
  type Authenticator,
  credsAuthenticator,
  jwtAuthenticator,
  nkeyAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import { parseCreds } from '../nats/creds.ts';
import { Malformed } from '../nats/malformed.ts';

/** How nats-sts itself logs in to NATS. All but a file's path is secret. */
export type NatsLogin =
  /** A creds file, read anew at each connect. */
  | { readonly credsFile: string }
  /** The text of one. */
  | { readonly creds: string }
  /** Seed of a user nkey that nats-server.conf lists, `SU…`. */
  | { readonly nkeySeed: string }
  | { readonly user: string; readonly password: string }
  /** A user JWT that is made at each connect, and the seed of its user. May throw: then the connect fails, and is tried again. */
  | { readonly mint: () => { readonly jwt: string; readonly seed: string } };

/** Throws when a file can't be read or has no creds; `user` says whose they are. */
export function authenticatorOf(login: NatsLogin, user: string): Authenticator {
  if ('user' in login) return usernamePasswordAuthenticator(login.user, login.password);
  if ('nkeySeed' in login) return nkeyAuthenticator(Buffer.from(login.nkeySeed));
  if ('mint' in login) {
    return (nonce) => {
      const { jwt, seed } = login.mint();
      return jwtAuthenticator(jwt, Buffer.from(seed))(nonce);
    };
  }
  readCreds(login, user);
  return credsAuthenticator(() => readCreds(login, user));
}

function readCreds(
  login: Extract<NatsLogin, { credsFile: string } | { creds: string }>,
  user: string,
): Uint8Array {
  const text = 'creds' in login ? login.creds : readFileSync(login.credsFile, 'utf8');
  const parsed = parseCreds(text);
  if (!(parsed instanceof Malformed)) return Buffer.from(text);
  const source = 'credsFile' in login ? `"${login.credsFile}"` : `the creds of ${user}`;
  throw new Error(`cannot use ${source}: ${parsed.problem}`);
}
