/**
 * The floor: a bare node:http server that does what can't be left out of an exchange, and nothing
 * else: verify the RS256 signature, make an Ed25519 pair, sign, answer. With `--library`, the pair
 * and the user JWT come from @nats-io/nkeys and @nats-io/jwt as they are.
 */
import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';
import { encodeUser, fmtCreds } from '@nats-io/jwt';
import { createUser, fromSeed } from '@nats-io/nkeys';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    key: { type: 'string', default: '' },
    seed: { type: 'string', default: '' },
    account: { type: 'string', default: '' },
    library: { type: 'boolean', default: false },
  },
});
const issuerKey = createPublicKey(readFileSync(values.key));
const signingKey = generateKeyPairSync('ed25519').privateKey;
/** As long as the user JWT that the service signs in this benchmark. */
const userJwt = Buffer.alloc(900, 'x');

function verified(authorization: string | undefined): boolean {
  const token = authorization?.slice('Bearer '.length) ?? '';
  const end = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  return verify('sha256', Buffer.from(token.slice(0, end)), issuerKey, signature);
}

function bareCredential(): string {
  const pair = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { format: 'jwk' },
    publicKeyEncoding: { format: 'jwk' },
  } as never) as unknown as { privateKey: { d: string } };
  const signature = sign(null, userJwt, signingKey).toString('base64url');
  return JSON.stringify({ jwt: `${userJwt.toString()}.${signature}`, seed: pair.privateKey.d });
}

async function libraryCredential(): Promise<string> {
  const user = createUser();
  const account = fromSeed(Buffer.from(values.seed));
  const now = Math.floor(Date.now() / 1000);
  const permissions = {
    issuer_account: values.account,
    pub: { allow: ['orders.456789.>', 'audit.orders'] },
    sub: { allow: ['_INBOX.>'] },
    subs: 100,
    payload: 65536,
  };
  const jwt = await encodeUser('orders', user, account, permissions, { exp: now + 900 });
  return JSON.stringify({ jwt, creds: Buffer.from(fmtCreds(jwt, user)).toString() });
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!verified(request.headers.authorization)) return void response.writeHead(401).end();
  const body = values.library ? await libraryCredential() : bareCredential();
  response.writeHead(200, { 'content-type': 'application/json' }).end(body);
}

createServer((request, response) => {
  request.resume();
  request.on('end', () => void answer(request, response));
}).listen(Number(values.port), '127.0.0.1');
