import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { startIdentityProvider } from '../../support/identity-provider.ts';
import { findNatsCli, runNats } from '../../support/nats-cli.ts';
import { type Browser, createBrowser, type Page, signIn } from '../../support/people.ts';
import {
  type ConfigTree,
  type ServiceWorld,
  startServiceWorld,
} from '../../support/service-world.ts';
import { beginLogin, callback, getAs } from '../begun-login.ts';
import { natsSts } from '../command-line.ts';
import { loginHome } from '../login-home.ts';

const ADA = { id: 'ada', name: 'Ada Lovelace', claims: { team: 'orders' } };
const SECRET = 'the-secret-of-the-web-client';

let world: ServiceWorld;
let stack: AsyncDisposableStack;
let home: ReturnType<typeof loginHome>;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const url = `http://127.0.0.1:${await freePort()}`;
  const provider = stack.use(
    await startIdentityProvider({
      audience: 'nats-sts',
      clients: [],
      people: [ADA],
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
  world = stack.use(
    await startServiceWorld({
      configure: (tree, { folder }) => {
        writeFileSync(join(folder, 'client.secret'), SECRET, { mode: 0o600 });
        writeFileSync(join(folder, 'sealing.key'), Buffer.alloc(32, 7).toString('base64'), {
          mode: 0o600,
        });
        configure(tree, { url, issuer: provider.issuer });
      },
    }),
  );
});

function configure(tree: ConfigTree, { url, issuer }: { url: string; issuer: string }): void {
  tree['listen'].port = Number(new URL(url).port);
  tree['publicUrl'] = url;
  tree['sealingKey'] = { file: './sealing.key' };
  tree['issuers'].acme = {
    issuer,
    audience: 'nats-sts',
    allowInsecureHttp: true,
    login: { clientId: 'pages', clientSecret: { file: './client.secret' }, title: 'Acme' },
  };
  tree['roles'].reader = {
    account: tree['roles'].publisher.account,
    subscribe: { allow: ['orders.>', '_INBOX.>'] },
    maxTtl: '1h',
  };
  tree['roles'].asker = {
    account: tree['roles'].publisher.account,
    publish: { allow: ['questions'] },
    subscribe: { allow: ['_INBOX_{{subject}}.>'] },
    maxTtl: '1h',
  };
  tree['bindings'].push({
    name: 'people of orders',
    issuer: 'acme',
    match: { team: 'orders' },
    roles: ['publisher', 'reader', 'asker'],
  });
}

afterAll(() => stack.disposeAsync());
beforeEach(() => {
  home = loginHome();
});
afterEach(() => home[Symbol.dispose]());

/** Signs in by browser as Ada, who then presses this button. */
async function loginAs(button: string, args: readonly string[] = []) {
  const login = beginLogin(world, args);
  const browser = createBrowser();
  const page = await adaAt(browser, (await login.page()).href);
  const last = await page.press(button);
  return { ...(await login.done), browser, last };
}

function postForm(path: string, token: string): Promise<Response> {
  const body = new URLSearchParams({ token, client_id: 'nats-sts' });
  return fetch(world.url + path, { method: 'POST', body });
}

const introspect = async (token: string) => (await postForm('/introspect', token)).json();

function adaAt(browser: Browser, address: string): Promise<Page> {
  return signIn(browser, address, ADA.name);
}

describe('with the real service', () => {
  test('a person signs in, publishes a message, and signs out again', async () => {
    const { error, written, last } = await loginAs('Agree', ['--role', 'publisher']);
    expect(error).toBeUndefined();
    expect(last.url.href).toBe(`${world.url}/authorize/done`);
    expect(written.out).toMatch(/^signed in as Ada Lovelace \(http:\S+ ada\)/);
    expect(written.out).toContain('try: nats pub orders.ada.test hello');
    const connection = await world.connect(home.read('nats-sts/publisher.creds'));
    connection.publish('orders.ada.test', 'hello');
    await connection.flush();

    const { out } = await natsSts('whoami');
    expect(out).toMatch(/^Ada Lovelace/);
    expect(out).toMatch(/^publisher .* \(in [78]h\)\nreader .* -$/m);

    const refreshToken = home.refreshToken(world.url, 'publisher') ?? '';
    expect(await natsSts('logout')).toMatchObject({ exitCode: 0, err: '' });
    expect(await introspect(refreshToken)).toEqual({ active: false });
    expect(world.log.text()).not.toContain(refreshToken);
  });

  test('a person agrees to each role once, then alternates without a browser', async () => {
    const { browser } = await loginAs('Agree', ['--role', 'publisher']);
    const second = beginLogin(world, ['--role', 'reader']);
    const page = await browser.open((await second.page()).href);
    await page.press('Agree');
    expect(await second.done).toMatchObject({ error: undefined });
    expect(second.written.err).toContain('you have not signed in for role reader here yet');
    const long = await natsSts('login', '--role', 'publisher', '--ttl', '2h');
    expect(long.err).toBe('nats-sts: requested 2h, got 15m: role publisher allows no more\n');
    for (const role of ['publisher', 'reader', 'publisher']) {
      expect(await natsSts('login', '--role', role)).toMatchObject({ exitCode: 0, err: '' });
    }
    expect((await natsSts('login')).out).toContain('role publisher in account');
    expect(home.service(world.url)?.credentials.map(({ context }) => context)).toEqual([
      'reader',
      'publisher',
    ]);
    const tokens = ['publisher', 'reader'].map((role) => home.refreshToken(world.url, role) ?? '');
    await natsSts('logout');
    for (const token of tokens) expect(await introspect(token)).toEqual({ active: false });
  });

  test('a login that replaces one for the same role ends that at the service', async () => {
    const { browser } = await loginAs('Agree', ['--role', 'reader']);
    const before = home.refreshToken(world.url, 'reader') ?? '';
    const fresh = beginLogin(world, ['--role', 'reader', '--fresh']);
    await (await browser.open((await fresh.page()).href)).press('Agree');
    expect(await fresh.done).toMatchObject({ error: undefined });
    expect(await introspect(before)).toEqual({ active: false });
    expect(await introspect(home.refreshToken(world.url, 'reader') ?? '')).toMatchObject({
      active: true,
      scope: 'reader',
    });
  });

  test('a credential that the person refuses is not handed over', async () => {
    const { error } = await loginAs('Cancel');
    expect(error).toMatchObject({ exitCode: 3 });
    expect(home.files()).toEqual([]);
  });

  test('a device gets it after the code was entered elsewhere', async () => {
    let agreed: (() => void) | undefined;
    const wait = () =>
      new Promise<void>((resolve) => {
        agreed = resolve;
      });
    const login = beginLogin(world, ['--device', '--role', 'reader'], { wait });
    const code = await eventually(() => /\b[B-Z]{4}-[B-Z]{4}\b/.exec(login.written.err)?.[0]);
    const page = await adaAt(createBrowser(), `${world.url}/device`);
    const typed = { user_code: code.toLowerCase().replace('-', ' ') };
    const confirm = await page.press('Continue', typed);
    expect(confirm.text).toContain(code);
    expect((await confirm.press('Agree')).text).toContain('Done');
    agreed?.();
    expect(await login.done).toMatchObject({ error: undefined });
    expect(home.has('nats-sts/reader.creds')).toBe(true);
  });

  test('signing out in the browser ends the sessions that came from it, but not the other way round', async () => {
    const { browser } = await loginAs('Agree', ['--role', 'reader']);
    await (await browser.open(`${world.url}/`)).press('Sign out');
    const login = beginLogin(world, ['--role', 'reader']);
    const page = await login.page();
    expect(login.written.err).toContain('your session for role reader is no longer valid');
    const again = createBrowser();
    await (await adaAt(again, page.href)).press('Agree');
    expect(await login.done).toMatchObject({ error: undefined });

    await natsSts('logout');
    expect((await again.open(`${world.url}/`)).text).toContain('Sign out');
  });

  test('a session that was ended at the service leads back to the browser', async () => {
    await loginAs('Agree', ['--role', 'reader']);
    const token = home.refreshToken(world.url, 'reader') ?? '';
    await postForm('/revoke', token);
    const login = beginLogin(world, ['--role', 'reader']);
    await login.page();
    expect(login.written.err).toContain('your session for role reader is no longer valid');
    const again = await adaAt(createBrowser(), (await login.page()).href);
    await again.press('Agree');
    expect(await login.done).toMatchObject({ error: undefined });
  });

  test('a refresh token that was copied and used elsewhere ends the session of both', async () => {
    await loginAs('Agree', ['--role', 'reader']);
    const file = 'nats-sts/sessions.json';
    const stolen = home.read(file);
    expect(await natsSts('login')).toMatchObject({ exitCode: 0 });
    const honest = home.read(file);

    writeFileSync(home.at(file), stolen);
    const thief = beginLogin(world);
    const page = await thief.page();
    expect(thief.written.err).toContain('no longer valid');
    const state = page.searchParams.get('state') ?? '';
    await getAs(callback(page, { state, error: 'access_denied' }));
    await thief.done;

    writeFileSync(home.at(file), honest);
    expect(await natsSts('whoami')).toMatchObject({ exitCode: 3 });
  });
});

describe('the nats command line', async () => {
  const cli = await findNatsCli();
  test.skipIf('missing' in cli)('gets replies if the role has its own inbox', async () => {
    const { written } = await loginAs('Agree', ['--role', 'asker']);
    expect(written.out).toContain('inbox prefix _INBOX_ada\n');
    const observer = await world.observer();
    observer.subscribe('questions', {
      callback: (_, message) => void message.respond('fine, thanks'),
    });
    await observer.flush();
    const path = 'path' in cli ? cli.path : '';
    const asked = await runNats(path, ['request', 'questions', 'how are you?'], home.path);
    expect(asked).toEqual({ code: 0, output: expect.stringContaining('fine, thanks') });
    const { out } = await natsSts('whoami', '--json');
    expect(JSON.parse(out)).toMatchObject({ credentials: [{ inbox_prefix: '_INBOX_ada' }] });
    // The page tells the same to those who take the file.
    const line = `nats context add paged --creds ${home.at('nats-sts/asker.creds')} --server ${world.nats?.url} --inbox-prefix _INBOX_ada`;
    expect(await runNats(path, line.split(' ').slice(1), home.path)).toMatchObject({ code: 0 });
    const again = ['--context', 'paged', 'request', 'questions', 'how are you?'];
    expect((await runNats(path, again, home.path)).output).toContain('fine, thanks');
  });

  test.skipIf('missing' in cli)('publishes without any options', async () => {
    await loginAs('Agree', ['--role', 'publisher']);
    const path = 'path' in cli ? cli.path : '';
    const ran = await runNats(path, ['pub', 'orders.ada.test', 'hello'], home.path);
    expect(ran).toMatchObject({ code: 0 });
    const denied = await runNats(path, ['pub', 'others', 'hello'], home.path);
    expect(denied.output).toMatch(/permissions violation/i);
  });
});
