import { randomUUID } from 'node:crypto';
import type { AuditEvent } from '../../../src/audit/event.ts';
import { freePort } from '../../support/free-port.ts';
import { type IdentityProvider, startIdentityProvider } from '../../support/identity-provider.ts';
import { type Browser, createBrowser, type Page, signIn } from '../../support/people.ts';
import { type RotationWorld, startRotationWorld } from '../../support/rotation-world.ts';
import type { ConfigTree } from '../../support/service-world.ts';
import { inTransaction, openStore } from '../../../src/store/sqlite/database.ts';

const SECRET = 'the-secret-of-the-pages';

/** An administrator by their group; somebody who is none. */
export const OLGA = { id: 'olga', name: 'Olga Operator', claims: { groups: ['operators'] } };
export const BEN = { id: 'ben', name: 'Ben Bitdiddle', claims: { groups: ['sales'] } };

/** A service with a managed account on a real server, whose pages people sign in to. */
export interface ConsoleWorld extends RotationWorld {
  readonly provider: IdentityProvider;
  /** A browser with this person signed in, and the page that they then asked for. */
  visit(person: string, path?: string): Promise<{ readonly browser: Browser; readonly page: Page }>;
  /** Puts records into the log behind the service's back, all at once. */
  append(events: readonly AuditEvent[]): void;
}

export async function startConsoleWorld(
  configure: (tree: ConfigTree) => void = () => {},
): Promise<ConsoleWorld> {
  const stack = new AsyncDisposableStack();
  try {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const provider = stack.use(
      await startIdentityProvider({
        audience: 'nats-sts',
        clients: [],
        people: [OLGA, BEN],
        webClients: [
          {
            id: 'pages',
            secret: SECRET,
            redirectUris: [`${url}/login/callback`],
            postLogoutRedirectUris: [`${url}/`],
          },
        ],
      }),
    );
    const world = stack.use(
      await startRotationWorld({
        size: 1,
        configure: (tree) => {
          tree.listen = { host: '127.0.0.1', port };
          tree.publicUrl = url;
          tree.accounts.APP.rotation = { every: '1h', grace: '10s' };
          tree.bindings[0].match = { sub: { glob: '*' } };
          tree.issuers.acme = {
            issuer: provider.issuer,
            audience: 'nats-sts',
            allowInsecureHttp: true,
            login: { clientId: 'pages', clientSecret: SECRET, title: 'Acme' },
          };
          tree.admin = [{ issuer: 'acme', match: { groups: 'operators' } }];
          // Whoever comes, whatever they are called.
          tree.roles.publisher.publish = { allow: ['orders.>'] };
          tree.roles.publisher.subscribe = { allow: ['_INBOX.>'] };
          configure(tree);
        },
      }),
    );
    return {
      ...world,
      provider,
      visit: async (person, path = '/console') => {
        const browser = createBrowser();
        const page = await signIn(browser, url + path, person);
        return { browser, page };
      },
      append: (events) => append(world.storeFile, events),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

function append(file: string, events: readonly AuditEvent[]): void {
  const store = openStore({ file, survive: 'process-crash' });
  const insert = store.database.prepare('INSERT INTO audit (time, event) VALUES (?, ?)');
  inTransaction(store.database, () => {
    for (const event of events) insert.run(event.time, JSON.stringify(event));
  });
  store.close();
}

/** A name that no other test uses. */
export function someone(): string {
  return `someone-${randomUUID().slice(0, 8)}`;
}
