import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { program } from '../src/cli/program.ts';
import type { Terminal } from '../src/cli/terminal.ts';
import { loadConfig } from '../src/config/load.ts';
import { startService } from '../src/service.ts';
import { eventually } from '../test/support/eventually.ts';
import { freePort } from '../test/support/free-port.ts';
import { type IdentityProvider, startIdentityProvider } from '../test/support/identity-provider.ts';
import { startNatsServer } from '../test/support/nats-server.ts';
import { AUDIENCE, demoConfig, INVOICES, OPS, ORDERS, PEOPLE, WEB_CLIENT } from './policy.ts';

/** Everything in the demo, real and running. Disposing removes all of it. */
export interface World extends AsyncDisposable {
  readonly folder: string;
  /** The service's configuration file. */
  readonly config: string;
  readonly provider: IdentityProvider;
  /** The URL of nats-sts. */
  readonly stsUrl: string;
  readonly natsUrl: string;
  /** The store with the audit log. */
  readonly store: string;
  /** Makes keys rotate as rarely as usual. Resolves once the service has reloaded. */
  calmDown(): Promise<void>;
  /** Passes on what the service logs from now on. */
  follow(hear: (line: LogLine) => void): void;
}

export interface LogLine {
  readonly msg: string;
  /** As pino counts: 40 is a warning. */
  readonly level: number;
  /** The signing key that changed its state. */
  readonly publicKey?: string;
  readonly problems?: readonly string[];
}

export interface WorldOptions {
  /** Changes the configuration before the service starts. */
  readonly configure?: (text: string) => string;
}

export async function startWorld({ configure = (text) => text }: WorldOptions): Promise<World> {
  const stack = new AsyncDisposableStack();
  try {
    const folder = await mkdtemp(join(tmpdir(), 'nats-sts-demo-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const file = (name: string) => join(folder, name);

    const port = await freePort();
    const provider = stack.use(await startProvider(`http://127.0.0.1:${port}`));
    await init(folder);
    await writeFile(file('keys/provider-client.secret'), WEB_CLIENT.secret, { mode: 0o600 });
    const server = stack.use(
      await startNatsServer({ config: await readFile(file('nats-server.conf'), 'utf8') }),
    );

    const config = file('sts.yaml');
    const account = loadConfig(config, { env: {} }).accounts[0]?.publicKey ?? '';
    const paths = { issuer: provider.issuer, port, natsUrl: server.url, account };
    const write = async (rotateEvery: string) => {
      // Written atomically, or the service could read half of it.
      await writeFile(file('sts.yaml.new'), configure(demoConfig({ ...paths, rotateEvery })));
      await rename(file('sts.yaml.new'), config);
    };
    await write('3s');

    let hear: (line: LogLine) => void = () => {};
    const log = pino({ base: {} }, { write: (line) => hear(JSON.parse(line) as LogLine) });
    const service = await startService({ config, env: {}, log });
    stack.defer(() => service.close());
    // Its first signing key becomes active once the NATS server has it.
    await eventually(async () => (await fetch(`${service.url}/readyz`)).ok);
    const follow = (listener: typeof hear) => {
      hear = listener;
    };
    const reloaded = () =>
      new Promise<void>((resolve) => {
        follow(({ msg }) => msg === 'configuration reloaded' && resolve());
      });
    return {
      folder,
      config,
      provider,
      stsUrl: service.url,
      natsUrl: server.url,
      store: loadConfig(config, { env: {} }).store.sqliteFile,
      calmDown: async () => {
        await Promise.all([reloaded(), write('7d')]);
      },
      follow,
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

function startProvider(stsUrl: string): Promise<IdentityProvider> {
  return startIdentityProvider({
    audience: AUDIENCE,
    clients: [ORDERS, INVOICES, OPS],
    people: PEOPLE,
    webClients: [
      {
        ...WEB_CLIENT,
        redirectUris: [`${stsUrl}/login/callback`],
        postLogoutRedirectUris: [`${stsUrl}/`],
      },
    ],
  });
}

/** Makes keys, account JWTs and the configuration of the NATS server, as a new user would. */
async function init(folder: string): Promise<void> {
  const errors: string[] = [];
  const terminal: Terminal = {
    out: () => {},
    err: (text) => void errors.push(text),
    columns: undefined,
    colours: false,
  };
  const exitCode = await program(['node', 'nats-sts', 'init', '--dir', folder], terminal);
  if (exitCode !== 0) throw new Error(`nats-sts init failed: ${errors.join('')}`);
}
