import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { KeysAnswer } from '../../src/admin-api/keys.ts';
import {
  prepareRotation,
  type RotationGround,
  type RotationOptions,
} from '../../test/support/rotation-world.ts';
import { callers, type CredentialAnswer } from '../../test/support/service-world.ts';
import { freePort, type Running, script, start } from '../running.ts';

type Configure = NonNullable<RotationOptions['configure']>;

/** Three servers, an issuer, and the built service in a process of its own, started and stopped as often as need be. */
export interface Setting extends RotationGround {
  readonly port: number;
  /** JSON: tokens of a thousand identities. */
  readonly tokensFile: string;
  readonly stsUrl: string;
  /** With its keys in a ring, published by itself; `configure` changes the configuration for good. */
  startManaged(configure?: Configure): Promise<Running>;
  /** The same policy, and a signing key that was given. */
  startExternal(): Promise<Running>;
  exchange(token: string, ask?: { readonly ttl?: number }): Promise<Response>;
  /** Throws when it is refused. */
  credential(claims: Readonly<Record<string, unknown>>): Promise<CredentialAnswer>;
  /** Calls an admin route; throws when it says no. */
  admin(path: string, body: object): Promise<void>;
  /** Credentials of the account that are alive. */
  credentialsAlive(): Promise<number>;
}

const IDENTITIES = 1000;

export async function createSetting(): Promise<Setting> {
  const port = await freePort();
  const ground = await prepareRotation({ configure: (tree) => prepare(tree, port) });
  try {
    const tokens = Array.from({ length: IDENTITIES }, (_, n) => ground.token({ sub: `app-${n}` }));
    const tokensFile = join(ground.folder, 'tokens.json');
    await writeFile(tokensFile, JSON.stringify(await Promise.all(tokens)));
    return { ...ground, ...doors(ground, port), ...services(ground, port), port, tokensFile };
  } catch (error) {
    await ground[Symbol.asyncDispose]();
    throw error;
  }
}

function prepare(tree: Parameters<Configure>[0], port: number): void {
  tree['listen'].port = port;
  tree['bindings'][0].match = { sub: { glob: '*' } };
}

function services(
  ground: RotationGround,
  port: number,
): Pick<Setting, 'startManaged' | 'startExternal'> {
  const serve = (config: string) =>
    start([script('../dist/main.js'), 'serve', '--config', config], port, '/readyz');
  return {
    async startManaged(configure = () => {}) {
      await ground.configure((tree) => configure(tree, ground));
      return serve(ground.configFile);
    },
    async startExternal() {
      const seed = join(ground.folder, 'given.nk');
      await writeFile(seed, ground.trust.account('APP').signingKey.seed(), { mode: 0o600 });
      const config = join(ground.folder, 'external.yaml');
      let external = '';
      await ground.configure((tree) => {
        external = stringify({
          ...tree,
          nats: { servers: tree['nats'].servers },
          accounts: {
            APP: { publicKey: tree['accounts'].APP.publicKey, signingKeys: [{ file: seed }] },
          },
          store: { sqlite: './data/external.db' },
        });
      });
      await writeFile(config, external);
      return serve(config);
    },
  };
}

function doors(
  ground: RotationGround,
  port: number,
): Pick<Setting, 'stsUrl' | 'exchange' | 'credential' | 'admin' | 'credentialsAlive'> {
  const stsUrl = `http://127.0.0.1:${port}`;
  const { exchange, credential } = callers(stsUrl);
  async function admin(path: string, body?: object): Promise<string> {
    const token = await ground.token({ sub: 'admin' });
    const response = await fetch(`${stsUrl}/admin/${path}`, {
      method: body ? 'POST' : 'GET',
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const said = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${said}`);
    return said;
  }
  return {
    stsUrl,
    exchange,
    credential: async (claims) => credential(await ground.token(claims)),
    async admin(path, body) {
      await admin(path, body);
    },
    async credentialsAlive() {
      const { accounts } = JSON.parse(await admin('keys')) as KeysAnswer;
      const keys = accounts.flatMap((account) => account.keys);
      return keys.reduce((sum, key) => sum + key.credentials_alive, 0);
    },
  };
}
