import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { decodeJwt } from '../../src/nats/jwt.ts';
import { keyPairFromSeed } from '../../src/nats/key-pair.ts';
import { temporaryDirectory } from '../audit/temporary-directory.ts';
import { type ServiceWorld, startServiceWorld } from '../support/service-world.ts';
import { MAIN, natsSts, natsStsWithStdin } from './command-line.ts';

let world: ServiceWorld;
let directory: ReturnType<typeof temporaryDirectory>;
const path = (name: string): string => join(directory.path, name);

beforeAll(async () => {
  world = await startServiceWorld({
    configure: (tree) => {
      tree.roles.asker = { ...tree.roles.publisher, subscribe: { allow: ['_INBOX_orders.>'] } };
      tree.bindings[0].roles.push('asker');
    },
  });
  directory = temporaryDirectory();
});

afterAll(async () => {
  directory[Symbol.dispose]();
  await world[Symbol.asyncDispose]();
});

afterEach(() => vi.unstubAllEnvs());

/** Exchanges a token of the orders service at the real service. */
async function exchange(...args: string[]) {
  return natsSts('exchange', '--url', world.url, '--token', await world.token(), ...args);
}

const SEED = /\bSU[A-Z2-7]{56}\b/;
const mode = (file: string): number => statSync(file).mode & 0o777;

describe('the .creds file', () => {
  test('works at the NATS server, and the output has role, lifetime and servers', async () => {
    const file = path('app.creds');
    const { exitCode, out, err } = await exchange('--out', file);
    expect([exitCode, err]).toEqual([0, '']);
    expect(out).toMatch(
      /app\.creds: role publisher, valid for 15m \(until .*\), servers nats:\/\/127/,
    );
    const connection = await world.connect(readFileSync(file, 'utf8'));
    connection.publish('orders.orders.new');
    await connection.flush();
  });

  test('is for its owner only, also if it replaces a readable file', async () => {
    const file = path('old.creds');
    writeFileSync(file, 'old', { mode: 0o644 });
    await exchange('--out', file);
    expect(mode(file)).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toMatch(SEED);
  });

  test('replaces the old file atomically: a reader has all of the old one', async () => {
    const file = path('replaced.creds');
    writeFileSync(file, 'old', { mode: 0o600 });
    const before = statSync(file).ino;
    await exchange('--out', file);
    expect(statSync(file).ino).not.toBe(before);
    expect(readdirSync(directory.path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('leaves nothing behind if it cannot be written', async () => {
    const place = path('a directory');
    mkdirSync(place);
    const { exitCode, err } = await exchange('--out', place);
    expect(exitCode).toBe(1);
    expect(err).toContain(`cannot write ${place}`);
    expect(readdirSync(directory.path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('goes to stdout with --out -, and its description to stderr', async () => {
    const { exitCode, out, err } = await exchange('--out', '-');
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^-----BEGIN NATS USER JWT-----\n[^]*------END USER NKEY SEED------\n/);
    expect(err).toMatch(/^credential: role publisher, /);
    expect(err).not.toMatch(SEED);
  });

  test('goes to stdout by its other names too, after what is already there', async () => {
    const log = path('log');
    const args = `exchange --url ${world.url} --token ${await world.token()} --out /dev/stdout`;
    await promisify(execFile)('sh', [
      '-c',
      `{ echo before; "$0" "$1" ${args}; } > "$2"`,
      process.execPath,
      MAIN,
      log,
    ]);
    expect(readFileSync(log, 'utf8')).toMatch(/^before\n-----BEGIN NATS USER JWT-----\n/);
    expect(readFileSync(log, 'utf8')).toMatch(SEED);
  });

  test('can be shared with a group, but never with everybody', async () => {
    const file = path('shared.creds');
    expect(await exchange('--out', file, '--mode', '0640')).toMatchObject({ exitCode: 0 });
    expect(mode(file)).toBe(0o640);
    for (const wrong of ['644', '0400', '0750', '4600', 'rw', '']) {
      const { exitCode, err } = await exchange('--out', file, '--mode', wrong);
      expect([exitCode, err]).toEqual([
        2,
        expect.stringContaining('Write 0600 (owner only), 0640'),
      ]);
    }
  });

  test('is described as JSON with --json, without its secrets', async () => {
    const file = path('json.creds');
    const { out } = await exchange('--out', file, '--json');
    expect(JSON.parse(out)).toMatchObject({
      role: 'publisher',
      account: world.trust.account().key.publicKey,
      expires_in: 900,
      servers: [world.nats?.url],
      file,
    });
    expect(out).not.toMatch(/SU[A-Z2-7]{56}|eyJ/);
  });
});

test('the inbox prefix of a role that has its own is shown, in text and as JSON', async () => {
  const args = ['--role', 'asker', '--out', path('asker.creds')];
  expect((await exchange(...args)).out).toContain(', inbox prefix _INBOX_orders\n');
  expect(JSON.parse((await exchange(...args, '--json')).out)).toMatchObject({
    inbox_prefix: '_INBOX_orders',
  });
});

describe('what is requested', () => {
  test.each([
    ['60', 60],
    ['2m', 120],
  ])('a lifetime of %s is %d seconds', async (ttl, seconds) => {
    const { out } = await exchange('--out', path('ttl.creds'), '--json', '--ttl', ttl);
    expect(JSON.parse(out)).toMatchObject({ expires_in: seconds });
  });

  test('a lifetime beyond what the role allows is shortened, and stderr says so', async () => {
    const { exitCode, out, err } = await exchange('--out', path('long.creds'), '--ttl', '1d');
    expect([exitCode, err]).toEqual([
      0,
      'nats-sts: requested 1d, got 15m: role publisher allows no more\n',
    ]);
    expect(out).toContain('valid for 15m');
    const json = await exchange('--out', path('long.creds'), '--ttl', '1d', '--json');
    expect(JSON.parse(json.out)).toMatchObject({ expires_in: 900, ttl_capped_by: 'role' });
  });

  test.each(['0', '-1', '1.5', '5x', 'soon'])('a lifetime of %s is wrong usage', async (ttl) => {
    const { exitCode, err } = await exchange(`--ttl=${ttl}`);
    expect(exitCode).toBe(2);
    expect(err).toContain('such as 5m');
  });

  test('a role that the policy does not allow is denied, with the message of the service', async () => {
    const { exitCode, out, err } = await exchange('--role', 'admin', '--out', path('no.creds'));
    expect(exitCode).toBe(3);
    expect(out).toBe('');
    expect(err).toMatch(
      /^nats-sts: access_denied: This token may not take the role "admin"\. \(request [\w-]+\)\n/,
    );
    expect(err).toContain('nats-sts explain');
    expect(readdirSync(directory.path)).not.toContain('no.creds');
  });
});

describe('the token', () => {
  test('may be in a file, with a newline at its end', async () => {
    const file = path('token');
    writeFileSync(file, `${await world.token()}\n`);
    const args = ['--url', world.url, '--token-file', file, '--out', path('file.creds')];
    expect(await natsSts('exchange', ...args)).toMatchObject({ exitCode: 0 });
  });

  test('may be in STS_TOKEN, and the service in STS_URL', async () => {
    vi.stubEnv('STS_TOKEN', await world.token());
    vi.stubEnv('STS_URL', world.url);
    const ran = await natsSts('exchange', '--out', path('env.creds'));
    expect(ran).toMatchObject({ exitCode: 0 });
  });

  test('may come from stdin', async () => {
    const args = ['exchange', '--url', world.url, '--token', '-', '--out', '-'];
    const { exitCode, out } = await natsStsWithStdin(`${await world.token()}\n`, ...args);
    expect(exitCode).toBe(0);
    expect(out).toMatch(SEED);
  });

  test.each([
    ['is not given', [], 'no token given'],
    ['is empty', ['--token-file', '/dev/null'], 'no token in /dev/null'],
    ['is in a file that is not there', ['--token-file', '/nowhere'], 'there is no such file'],
    ['is given twice', ['--token', 'a', '--token-file', 'b'], 'cannot be used with'],
    ['is several', ['--token', 'first.s3cret\nsecond'], 'this is not a token'],
  ])('that %s is wrong usage, and never quoted', async (_, args, message) => {
    vi.stubEnv('STS_TOKEN', undefined);
    const { exitCode, err } = await natsSts('exchange', '--url', world.url, ...args);
    expect(exitCode).toBe(2);
    expect(err).toContain(message);
    expect(err).not.toContain('s3cret');
  });

  test('that the service rejects is denied', async () => {
    const args = ['--url', world.url, '--token', 'nonsense', '--out', path('never.creds')];
    const { exitCode, err } = await natsSts('exchange', ...args);
    expect(exitCode).toBe(3);
    expect(err).toMatch(/^nats-sts: invalid_token: /);
  });
});

/** A server instead of the service, which records what it receives. */
async function impostor(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  const received: string[] = [];
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => received.push(chunk.toString()));
    request.on('end', () => {
      received.push(JSON.stringify(request.headers));
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: () => received.join('\n'),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const ANSWER = {
  jwt: 'a.b.c',
  role: 'r\u001b[31m',
  account: 'A',
  expires_at: 2_000_000_000,
  expires_in: 60,
  servers: ['nats://x'],
};

describe('the network', () => {
  test('never receives the seed, only the public key', async () => {
    await using service = await impostor((response) => response.end(JSON.stringify(ANSWER)));
    const { out } = await natsSts('exchange', '--url', service.url, '--token', 't', '--out', '-');
    const seed = SEED.exec(out)?.[0] ?? '';
    expect(service.received()).toContain(`"nkey":"${keyPairFromSeed(seed).publicKey}"`);
    expect(service.received()).not.toMatch(SEED);
  });

  test('signs a credential for that public key', async () => {
    const { out } = await exchange('--out', '-');
    const jwt = /-\n(eyJ\S+)\n-/.exec(out)?.[1] ?? '';
    const seed = SEED.exec(out)?.[0] ?? '';
    expect(decodeJwt(jwt)).toMatchObject({ sub: keyPairFromSeed(seed).publicKey });
  });

  test('cannot be reached: exit 5, with the address', async () => {
    const nobody = await impostor(() => undefined);
    await nobody[Symbol.asyncDispose]();
    const { exitCode, err } = await natsSts('exchange', '--url', nobody.url, '--token', 't');
    expect(exitCode).toBe(5);
    expect(err).toContain(`cannot reach ${nobody.url}/exchange: connect ECONNREFUSED`);
  });

  test.each([
    [503, { code: 'temporarily_unavailable', detail: 'Not now.' }, 5, 'Not now. (retry after 7 s)'],
    [429, { code: 'rate_limited', detail: 'Too many.' }, 5, 'Too many. (retry after 7 s)'],
    [
      400,
      { code: 'invalid_request', detail: 'No.', request_id: 'x' },
      1,
      'No. (retry after 7 s, request x)',
    ],
    [403, { code: 'access_denied', detail: 'a\u001b[2J\nb' }, 3, String.raw`a\u001b[2J\u000ab`],
    [404, {}, 1, 'but not as nats-sts does: check the URL'],
    [200, { jwt: 'no jwt' }, 1, 'but not as nats-sts does'],
    [200, { ...ANSWER, jwt: 'a.b.c\n-----' }, 1, 'but not as nats-sts does'],
    [200, null, 1, 'but not as nats-sts does'],
  ])('may answer %d %o: exit %d', async (status, body, expected, message) => {
    await using service = await impostor((response) => {
      response.writeHead(status, { 'retry-after': '7' }).end(JSON.stringify(body));
    });
    const args = ['--url', service.url, '--token', 't', '--out', path('none.creds')];
    const { exitCode, out, err } = await natsSts('exchange', ...args);
    expect([exitCode, out]).toEqual([expected, '']);
    expect(err).toContain(message);
    expect(err).not.toMatch(/[^\P{Cc}\n]/u);
  });

  test('cannot send the token elsewhere with a redirect', async () => {
    await using elsewhere = await impostor((response) => response.end(JSON.stringify(ANSWER)));
    await using service = await impostor((response) => {
      response.writeHead(307, { location: `${elsewhere.url}/exchange` }).end();
    });
    const { exitCode } = await natsSts('exchange', '--url', service.url, '--token', 't');
    expect(exitCode).toBe(5);
    expect(elsewhere.received()).toBe('');
  });

  test.each(['ftp://sts.example.com', 'sts.example.com', ''])(
    'does not accept the URL %o: wrong usage',
    async (url) => {
      const { exitCode, err } = await natsSts('exchange', '--url', url, '--token', 't');
      expect(exitCode).toBe(2);
      expect(err).toContain('Write a URL such as https://sts.example.com');
    },
  );

  test('unencrypted gets a warning', async () => {
    // Not a loopback address, but it reaches no other machine.
    const { err } = await natsSts('exchange', '--url', 'http://0.0.0.0:1', '--token', 't');
    expect(err).toContain('the token travels unencrypted to http://0.0.0.0:1/exchange; use https');
  });
});
