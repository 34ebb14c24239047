import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connect,
  type ConnectionOptions,
  credsAuthenticator,
  type NatsConnection,
} from '@nats-io/transport-node';
import { stringify } from 'yaml';
import type { AuditEvent } from '../../src/audit/event.ts';
import type { AuditFilter } from '../../src/audit/log.ts';
import { openAuditReader } from '../../src/audit/reader/sqlite-reader.ts';
import { type Service, startService } from '../../src/service.ts';
import { type CapturedLog, captureLog } from '../support/captured-log.ts';
import { selfSignedCertificate } from '../support/certificate.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { type IdentityProvider, startIdentityProvider } from '../support/identity-provider.ts';
import type { NatsServer } from '../support/nats-server.ts';
import { createOperatorWorld, type OperatorWorld } from '../support/operator-world.ts';
import { narrowSystemCreds } from '../support/rotation-world.ts';
import type { ConfigTree } from '../support/service-world.ts';
import { openChromium, type Chromium } from './chromium.ts';
import { ADA, AUDIENCE, BEN, CLIENT_ID, CONTACT, OLGA, PAT, policy } from './policy.ts';
import { PATIENCE_MILLISECONDS } from '../support/patience.ts';

export interface BrowserWorldOptions {
  /** People can sign in at a second issuer, too. */
  readonly partners?: boolean;
  /** Edits the configuration before it is written. */
  readonly configure?: (tree: ConfigTree) => void;
}

/** A company with an identity provider, a NATS server and nats-sts over TLS, and a browser beside them. */
export interface BrowserWorld extends AsyncDisposable {
  readonly folder: string;
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  /** PEM file of the service's certificate, for programs that are to trust it. */
  readonly certificate: string;
  readonly provider: IdentityProvider;
  /** The second issuer; it runs in any case. */
  readonly partners: IdentityProvider;
  readonly trust: OperatorWorld;
  readonly nats: NatsServer;
  readonly service: Service;
  readonly log: CapturedLog;
  readonly chromium: Chromium;
  /** Connects to NATS with a `.creds` file; closed with the world. */
  connect(creds: string, options?: ConnectionOptions): Promise<NatsConnection>;
  /** What the audit log holds, oldest first. */
  audit(filter?: AuditFilter): AuditEvent[];
}

export async function startBrowserWorld(options: BrowserWorldOptions = {}): Promise<BrowserWorld> {
  const stack = new AsyncDisposableStack();
  try {
    const folder = await mkdtemp(join(tmpdir(), 'nats-sts-browser-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const port = await freePort();
    const url = `https://127.0.0.1:${port}`;
    const provider = stack.use(await startProvider(`${url}/login/callback`, [ADA, BEN, OLGA]));
    const partners = stack.use(await startProvider(url + PARTNERS_PATH, [PAT]));
    const trust = createOperatorWorld({ resolver: 'full' });
    const nats = stack.use(await trust.start());

    const secrets = await writeSecrets(folder, trust);
    const tree: ConfigTree = {
      listen: { host: '127.0.0.1', port, tls: secrets.tls },
      publicUrl: url,
      ...infrastructure(trust, nats),
      issuers: {
        acme: login(provider, 'Acme'),
        ...(options.partners && { partners: login(partners, 'Partners of Acme', PARTNERS_PATH) }),
      },
      ...policy(options.partners === true),
      contact: CONTACT,
    };
    options.configure?.(tree);
    const config = join(folder, 'sts.yaml');
    await writeFile(config, stringify(tree));

    const log = captureLog();
    const service = await startService({ config, log: log.log, watch: false });
    stack.defer(() => service.close());
    // Its first signing key signs once the NATS server is seen to have it.
    await eventually(async () => (await service.app.inject('/readyz')).statusCode === 200);
    const chromium = stack.use(
      await openChromium(url, await readFile(secrets.certificate, 'utf8')),
    );
    return {
      folder,
      url,
      certificate: secrets.certificate,
      provider,
      partners,
      trust,
      nats,
      service,
      log,
      chromium,
      connect: async (creds, more = {}) => {
        const connection = await connect({
          servers: nats.url,
          authenticator: credsAuthenticator(Buffer.from(creds)),
          reconnect: false,
          timeout: PATIENCE_MILLISECONDS,
          ...more,
        });
        stack.defer(() => connection.close());
        return connection;
      },
      audit: (filter = {}) => {
        const reader = openAuditReader(join(folder, 'data', 'sts.db'));
        const events = [...reader.list(filter)];
        reader.close();
        return events;
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** A second login comes back to an address of its own. */
const PARTNERS_PATH = '/login/callback/partners';
const CLIENT_SECRET = 'the-secret-of-the-web-client';

function startProvider(
  redirectUri: string,
  people: Parameters<typeof startIdentityProvider>[0]['people'] & {},
): Promise<IdentityProvider> {
  return startIdentityProvider({
    audience: AUDIENCE,
    clients: [],
    people,
    webClients: [
      {
        id: CLIENT_ID,
        secret: CLIENT_SECRET,
        redirectUris: [redirectUri],
        postLogoutRedirectUris: [new URL('/', redirectUri).href],
      },
    ],
  });
}

function login(provider: IdentityProvider, title: string, redirectPath?: string): ConfigTree {
  return {
    issuer: provider.issuer,
    audience: AUDIENCE,
    allowInsecureHttp: true,
    login: {
      clientId: CLIENT_ID,
      clientSecret: { file: './client.secret' },
      title,
      ...(redirectPath !== undefined && { redirectPath }),
    },
  };
}

/** A managed account; what signs there changes when it is asked to. */
function infrastructure(trust: OperatorWorld, nats: NatsServer): ConfigTree {
  return {
    nats: {
      servers: [nats.url],
      system: { creds: './sys.creds' },
      operator: { file: './operator.jwt' },
      operatorSigningKey: { file: './operator.nk' },
    },
    accounts: {
      APP: {
        publicKey: trust.account('APP').key.publicKey,
        rotation: { every: '7d', grace: '10s' },
      },
    },
    store: { sqlite: './data/sts.db' },
    sealingKey: { file: './sealing.key' },
    rotator: { lease: '1s' },
  };
}

async function writeSecrets(folder: string, trust: OperatorWorld) {
  const { cert, key } = selfSignedCertificate();
  const secrets = {
    'tls.crt': cert,
    'tls.key': key,
    'operator.jwt': trust.operator.jwt,
    'operator.nk': trust.operator.signingKey.seed(),
    'sys.creds': narrowSystemCreds(trust),
    'sealing.key': Buffer.alloc(32, 7).toString('base64'),
    'client.secret': CLIENT_SECRET,
  };
  await mkdir(join(folder, 'data'), { mode: 0o700 });
  for (const [name, content] of Object.entries(secrets)) {
    await writeFile(join(folder, name), content, { mode: 0o600 });
  }
  return {
    certificate: join(folder, 'tls.crt'),
    tls: { cert: './tls.crt', key: './tls.key' },
  };
}
