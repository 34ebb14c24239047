import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyPair } from '../src/nats/key-pair.ts';

const ISSUER = 'https://token.actions.githubusercontent.com';
const AUDIENCE = 'https://nats-sts.example.com';
/** So many different identities send requests, in turn: nothing that caches by token could help. */
const IDENTITIES = 1000;

/** What all contestants get: the same tokens to verify, the same key to sign with. */
export interface World {
  readonly directory: string;
  /** Configuration of the service, with audit, policy, rate limits and role limits on. */
  readonly config: string;
  /** PEM (SPKI) of the RSA key that signed the tokens. */
  readonly issuerKeyFile: string;
  readonly tokensFile: string;
  readonly accountSeed: string;
  readonly accountPublicKey: string;
  [Symbol.dispose](): void;
}

export interface WorldOptions {
  /** The signing key is scoped to the role, so that the user JWT holds no permissions. */
  readonly scoped?: boolean;
  /** How many processes answer; not said unless given, for versions that do not know it. */
  readonly workers?: number;
}

export function createWorld(port: number, { scoped = false, workers }: WorldOptions = {}): World {
  const directory = mkdtempSync(join(tmpdir(), 'nats-sts-bench-'));
  const path = (name: string) => join(directory, name);
  const issuer = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const account = createKeyPair('account');
  const signing = createKeyPair('account');

  const jwk = { ...issuer.publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'RS256' };
  writeFileSync(path('jwks.json'), JSON.stringify({ keys: [jwk] }));
  writeFileSync(path('issuer.pem'), issuer.publicKey.export({ format: 'pem', type: 'spki' }));
  writeFileSync(path('signing.nk'), signing.seed(), { mode: 0o600 });
  writeFileSync(path('tokens.json'), JSON.stringify(tokens(issuer.privateKey)));
  writeFileSync(path('sts.yaml'), config({ port, account: account.publicKey, scoped, workers }));
  return {
    directory,
    config: path('sts.yaml'),
    issuerKeyFile: path('issuer.pem'),
    tokensFile: path('tokens.json'),
    accountSeed: signing.seed(),
    accountPublicKey: account.publicKey,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Tokens as GitHub Actions makes them, from the payload the tests use. */
function tokens(key: KeyObject): string[] {
  const file = new URL('../test/claims/github-actions.json', import.meta.url);
  const { claims } = JSON.parse(readFileSync(file, 'utf8')) as { claims: object };
  const now = Math.floor(Date.now() / 1000);
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return Array.from({ length: IDENTITIES }, (_, n) => {
    const payload = {
      ...claims,
      iss: ISSUER,
      aud: AUDIENCE,
      jti: `bench-${n}`,
      repository_id: `${456_000 + n}`,
      sub: `repo:acme-corp/orders-${n}:ref:refs/heads/main`,
      nbf: now - 300,
      iat: now,
      exp: now + 3600,
    };
    const signed = `${encode({ alg: 'RS256', typ: 'JWT', kid: 'bench' })}.${encode(payload)}`;
    return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
  });
}

interface Settings {
  readonly port: number;
  readonly account: string;
  readonly scoped: boolean;
  readonly workers: number | undefined;
}

function config({ port, account, scoped, workers }: Settings): string {
  const signingKey = scoped
    ? '{ seed: { file: ./signing.nk }, role: orders }'
    : '{ file: ./signing.nk }';
  const others = Array.from(
    { length: 9 },
    (_, n) =>
      `  - { name: other ${n}, issuer: github, match: { repository_owner_id: "${n}" }, roles: [orders] }`,
  ).join('\n');
  return `
listen: { host: 127.0.0.1, port: ${port} }
${workers === undefined ? '' : `workers: ${workers}`}
nats: { servers: [nats://127.0.0.1:4222] }
accounts:
  APP: { publicKey: ${account}, signingKeys: [${signingKey}] }
store: { sqlite: ./sts.db }
issuers:
  github:
    preset: github-actions
    audience: ${AUDIENCE}
    jwks: { file: ./jwks.json }
    maxTokenLifetime: 1h
rateLimit:
  enabled: true
  perAddress: { max: 100000000, every: 1m }
  perIdentity: { max: 1000000, every: 1m }
admin:
  - { issuer: github, match: { repository_owner_id: "123456" } }
roles:
  orders:
    account: APP
    publish: { allow: ["orders.{{claims.repository_id}}.>", "audit.orders"] }
    subscribe: { allow: ["_INBOX.>"] }
    limits: { subscriptions: 100, payload: 64KiB }
    maxTtl: 15m
bindings:
${others}
  - name: deploy jobs of acme
    issuer: github
    match: { repository_owner_id: "123456", ref: refs/heads/main, event_name: [push, workflow_dispatch] }
    roles: [orders]
`;
}
