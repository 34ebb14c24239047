import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { program } from '../../src/cli/program.ts';
import { parseCreds } from '../../src/nats/creds.ts';
import { createKeyPair, keyPairFromSeed } from '../../src/nats/key-pair.ts';
import { eventually } from '../support/eventually.ts';
import { beginLogin } from './begun-login.ts';
import { capturedTerminal } from './captured-terminal.ts';
import { natsSts } from './command-line.ts';
import { loginHome } from './login-home.ts';
import { type LoginService, startLoginService } from './login-service.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const SEED = /\bSU[A-Z2-7]{56}\b/;
const login = (service: LoginService, ...args: string[]) =>
  natsSts('login', '--url', service.url, ...args);

describe('a login by browser', () => {
  test('writes a creds file, a selected nats context and a session', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    const { exitCode, out } = await login(service);
    expect(exitCode).toBe(0);
    expect(home.files()).toEqual([
      'nats-sts/orders.creds',
      'nats-sts/sessions.json',
      'nats/context.txt',
      'nats/context/orders.json',
    ]);
    expect(home.json('nats/context/orders.json')).toMatchObject({
      url: 'nats://127.0.0.1:4222,nats://127.0.0.1:4223',
      creds: home.at('nats-sts/orders.creds'),
    });
    expect(home.read('nats/context.txt')).toBe('orders');
    expect(out).toMatch(/^signed in as Ada Lovelace \(https:\/\/idp.example.com 7c9a\) until /);
    expect(out).toMatch(/^role orders in account APP, valid for 15m \(until .*\)$/m);
    expect(out).toContain('nats context orders (selected)');
    expect(out).toContain('try: nats pub orders.test.test hello\n');
  });

  test('keeps the seed here: it sends only the public key, which the credential is for', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    const { out, err } = await login(service);
    const creds = parseCreds(home.read('nats-sts/orders.creds'));
    const { publicKey } = keyPairFromSeed('seed' in creds ? creds.seed : '');
    expect(service.to('/authorize')[0]?.parameters['nkey']).toBe(publicKey);
    expect(JSON.stringify(service.asked)).not.toMatch(SEED);
    expect(out + err).not.toMatch(SEED);
    expect(out + err).not.toMatch(/code-1|refresh-1|eyJ/);
  });

  test('requests it with PKCE, its own state, and what the page shows', async () => {
    using _home = loginHome();
    await using service = await startLoginService();
    expect((await login(service, '--role', 'billing', '--ttl', '5m')).err).not.toContain('asked');
    await login(service, '--fresh');
    const [first, second] = service.to('/authorize').map(({ parameters }) => parameters);
    expect(first).toMatchObject({
      response_type: 'code',
      client_id: 'nats-sts',
      redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
      state: expect.stringMatching(/^[\w-]{43}$/),
      scope: 'billing',
      ttl: '300',
      program: expect.stringMatching(/^nats-sts login on ./),
    });
    expect(second).not.toHaveProperty('scope');
    expect(second?.['state']).not.toBe(first?.['state']);
    expect(second?.['code_challenge']).not.toBe(first?.['code_challenge']);
    expect(second?.['nkey']).not.toBe(first?.['nkey']);
  });

  test('sends the browser on to a page of the service', async () => {
    using _home = loginHome();
    await using service = await startLoginService();
    await login(service);
    await eventually(() => service.to('/authorize/done').length === 1);
    expect(service.to('/authorize/done')[0]?.parameters).toEqual({});
  });

  test('opens no browser with --no-browser: the person opens the printed address', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    const { page, done } = beginLogin(service);
    const address = await page();
    expect(service.to('/authorize')).toEqual([]);
    await fetch(address);
    expect(await done).toMatchObject({ error: undefined });
    expect(home.has('nats-sts/orders.creds')).toBe(true);
  });

  test('continues if no browser can be started', async () => {
    using _home = loginHome();
    vi.stubEnv('BROWSER', '/nowhere/a-browser --new-window %s');
    await using service = await startLoginService();
    const terminal = capturedTerminal();
    const done = program(['node', 'nats-sts', 'login', '--url', service.url], terminal);
    const address = await eventually(() => /^ {2}(http\S+)$/m.exec(terminal.written.err)?.[1]);
    expect(terminal.written.err).toMatch(/^To sign in, open this address/);
    await fetch(address);
    expect(await done).toBe(0);
  });

  test('puts the address where BROWSER has %s', async () => {
    using home = loginHome();
    writeFileSync(home.at('open.mjs'), 'await fetch(process.argv[2]);');
    vi.stubEnv('BROWSER', `${process.execPath} ${home.at('open.mjs')} %s --last`);
    await using service = await startLoginService();
    expect(await login(service)).toMatchObject({ exitCode: 0 });
  });

  test('ends at Ctrl-C and leaves nothing behind', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    const args = [MAIN, 'login', '--url', service.url, '--no-browser'];
    const child = spawn(process.execPath, args, { stdio: 'pipe' });
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    await eventually(() => err.includes('/authorize?') || child.exitCode !== null);
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([null, 'SIGINT']);
    expect(err).not.toMatch(/\bat .*\.ts:/);
    expect(home.files()).toEqual([]);
  });
});

describe('what can be requested', () => {
  test.each([
    ['--role', 'a b', 'In the name of a role'],
    ['--ttl', 'soon', 'such as 5m'],
    ['--context', '../x', 'Use letters, digits'],
    ['--context', 'a..b', 'Use letters, digits'],
    ['--context', '.hidden', 'Use letters, digits'],
    ['--context', 'a/b', 'Use letters, digits'],
    ['--url', 'sts.example.com', 'Write a URL'],
  ])('%s %j is wrong usage', async (option, value, message) => {
    using home = loginHome();
    const { exitCode, err } = await natsSts('login', option, value);
    expect(exitCode).toBe(2);
    expect(err).toContain(message);
    expect(home.files()).toEqual([]);
  });

  test('--print and --context is wrong usage', async () => {
    using _home = loginHome();
    const { exitCode } = await natsSts('login', '--print', '--context', 'x');
    expect(exitCode).toBe(2);
  });
});

test('the account is shown by its key if the service does not send its name', async () => {
  using _home = loginHome();
  await using service = await startLoginService();
  service.override('POST /token', (request) => ({
    ...service.handOver(request),
    account_name: undefined,
  }));
  expect((await login(service)).out).toMatch(/^role orders in account A[A-Z2-7]{55}, valid/m);
});

test.each(['login', 'whoami', 'logout'])(
  'the help of %s has no line that is longer than 100 characters',
  async (command) => {
    const { out } = await natsSts(command, '--help');
    expect(out).toContain('Examples:');
    expect(out.split('\n').filter((line) => line.length > 100)).toEqual([]);
  },
);

test('--print writes only the creds to stdout, and stores only the session', async () => {
  using home = loginHome();
  await using service = await startLoginService();
  const { exitCode, out, err } = await login(service, '--print');
  expect(exitCode).toBe(0);
  const creds = parseCreds(out);
  expect(creds).toHaveProperty('seed');
  expect(out).toMatch(/^-----BEGIN NATS USER JWT-----\n[^]*\n------END USER NKEY SEED------\n$/);
  expect(err).toMatch(/^signed in as Ada Lovelace/m);
  expect(err).not.toMatch(SEED);
  expect(home.files()).toEqual(['nats-sts/sessions.json']);
  expect(home.read('nats-sts/sessions.json')).not.toMatch(SEED);
});

describe('the service', () => {
  test('says that it has no login before a browser opens', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    service.override('GET /.well-known/oauth-authorization-server', () => ({
      issuer: service.url,
    }));
    const { exitCode, err } = await login(service);
    expect(exitCode).toBe(1);
    expect(err).toContain(`you cannot sign in at ${service.url}/`);
    expect(service.to('/authorize')).toEqual([]);
    expect(home.files()).toEqual([]);
  });

  test('that poses as another gets no sign-in', async () => {
    using _home = loginHome();
    await using service = await startLoginService();
    service.override('GET /.well-known/oauth-authorization-server', () => ({
      issuer: 'https://sts.example.com\u001b[2J',
      authorization_endpoint: 'https://sts.example.com/authorize',
    }));
    for (const how of ['--no-browser', '--device']) {
      const { exitCode, err } = await login(service, how);
      expect(exitCode).toBe(1);
      expect(err).toContain(String.raw`says that its URL is https://sts.example.com\u001b[2J`);
    }
    expect(service.to('/device_authorization')).toEqual([]);
  });

  test('that is not there: exit 5', async () => {
    using _home = loginHome();
    const service = await startLoginService();
    await service.stop();
    const { exitCode, err } = await login(service);
    expect(exitCode).toBe(5);
    expect(err).toContain(`cannot reach ${service.url}/.well-known/`);
  });

  test('that is not nats-sts is recognized', async () => {
    using _home = loginHome();
    await using service = await startLoginService();
    service.override('GET /.well-known/oauth-authorization-server', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>');
      return undefined;
    });
    const { exitCode, err } = await login(service);
    expect(exitCode).toBe(1);
    expect(err).toContain('but not as nats-sts does: check the URL');
  });

  test('unencrypted gets a warning', async () => {
    using _home = loginHome();
    const { err } = await natsSts('login', '--url', 'http://0.0.0.0:1');
    expect(err).toContain('travels unencrypted');
  });
});

describe('a hostile answer leaves no credential, and has no effect on the terminal', () => {
  const strange: [string, (whole: Record<string, unknown>) => unknown][] = [
    ['no object', () => 'yes'],
    ['null', () => null],
    ['a role that is a path', (whole) => ({ ...whole, scope: '../../x' })],
    ['no role', (whole) => ({ ...whole, scope: undefined })],
    ['servers that are no list', (whole) => ({ ...whole, servers: 'nats://x' })],
    ['a JWT with line breaks', (whole) => ({ ...whole, access_token: 'a.b.c\n-----' })],
    ['a JWT that is none', (whole) => ({ ...whole, access_token: 'a.b.c' })],
    ['a time that never ends', (whole) => ({ ...whole, expires_in: 1e300 })],
    ['no refresh token', (whole) => ({ ...whole, refresh_token: '' })],
    ['a refresh token with line breaks', (whole) => ({ ...whole, refresh_token: 'a\nb' })],
    ['nobody', (whole) => ({ ...whole, identity: null })],
    ['more than anybody reads', (whole) => ({ ...whole, more: 'x'.repeat(1_000_000) })],
  ];
  test.each(strange)('%s', async (_, change) => {
    using home = loginHome();
    await using service = await startLoginService();
    service.override('POST /token', (request, response) => {
      const whole = service.handOver(request) as Record<string, unknown>;
      response.writeHead(200).end(JSON.stringify(change(whole)));
      return undefined;
    });
    const { exitCode, out, err } = await login(service);
    expect([exitCode, out]).toEqual([1, '']);
    expect(err).toMatch(/not as nats-sts does|for another key/);
    expect(home.files().filter((file) => file !== 'nats-sts/sessions.json')).toEqual([]);
  });

  test('a credential for another key', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    const other = createKeyPair('user').publicKey;
    service.override('POST /token', () => service.handOver({ parameters: { nkey: other } }));
    const { exitCode, err } = await login(service);
    expect(exitCode).toBe(1);
    expect(err).toContain('a credential for another key');
    expect(home.files()).toEqual(['nats-sts/sessions.json']);
  });

  test('names that are escape sequences', async () => {
    using _home = loginHome();
    await using service = await startLoginService();
    service.override('POST /token', (request) => ({
      ...service.handOver(request),
      account_name: 'A\u001b]0;owned\u0007',
      identity: { issuer: 'i\u001b[2J', subject: 's\n$ forged', name: '\u202eevil' },
    }));
    const { exitCode, out, err } = await login(service);
    expect(exitCode).toBe(0);
    expect(out + err).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
    expect(out).not.toMatch(/^\$ forged/m);
  });

  test.each([
    ['access_denied', 3],
    ['invalid_grant', 3],
    ['invalid_request', 1],
    ['temporarily_unavailable', 5],
  ])('%s, in its words: exit %d', async (error, expected) => {
    using home = loginHome();
    await using service = await startLoginService();
    service.override('POST /token', (_, response) => {
      const said = { error, error_description: 'No\u001b[31m.', request_id: 'r1' };
      response.writeHead(400, { 'retry-after': '7' }).end(JSON.stringify(said));
      return undefined;
    });
    const { exitCode, err } = await login(service);
    expect(exitCode).toBe(expected);
    expect(err).toContain(
      String.raw`nats-sts: ${error}: No\u001b[31m. (retry after 7 s, request r1)`,
    );
    expect(home.files()).toEqual([]);
  });
});
