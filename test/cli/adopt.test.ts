import { existsSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, credsAuthenticator } from '@nats-io/transport-node';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { systemUserPermissions } from '../../src/account/system/permissions.ts';
import { parseCreds } from '../../src/nats/creds.ts';
import { decodeJwt } from '../../src/nats/jwt.ts';
import { Malformed } from '../../src/nats/malformed.ts';
import { loadConfig } from '../../src/config/load.ts';
import { startService } from '../../src/service.ts';
import { captureLog } from '../support/captured-log.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { startIssuer, type TestIssuer } from '../support/issuer.ts';
import { createNscHome, missingTools, type NscHome } from '../support/nsc-home.ts';
import type { NatsServer } from '../support/nats-server.ts';
import { callers } from '../support/service-world.ts';
import { natsSts } from './command-line.ts';

const missing = await missingTools();

afterEach(() => vi.unstubAllEnvs());

/** An operator with a system account and an account APP, made with this tool, and a server that knows both. */
const TOOLS = {
  async nsc(home: NscHome): Promise<NatsServer> {
    await home.sh(`nsc add operator --generate-signing-key --sys --name ACME
nsc add account --name APP
nsc add user --account APP --name somebody`);
    const server = await home.serve('ACME', 'SYS');
    await home.sh(`nsc push --account APP -u ${server.url}`);
    return server;
  },
  async 'nats auth'(home: NscHome): Promise<NatsServer> {
    await home.sh(`nats auth operator add ACME --signing-key
nats auth account add APP --operator ACME --defaults
nats auth user add somebody APP --operator ACME --defaults
nats auth user add admin SYSTEM --operator ACME --defaults --credential admin.creds`);
    const server = await home.serve('ACME', 'SYSTEM');
    await home.sh(
      `nats auth account push APP --operator ACME -s ${server.url} --creds admin.creds`,
    );
    return server;
  },
} as const;

async function adopt(home: NscHome, issuer: TestIssuer, url: string, ...args: string[]) {
  const out = join(home.path, 'out');
  const port = await freePort();
  const ran = await natsSts(
    'adopt',
    '--nsc',
    home.nsc,
    '--account',
    'APP',
    '--dir',
    out,
    '--server',
    url,
    '--issuer',
    issuer.issuer,
    '--audience',
    'nats-sts',
    '--match',
    'sub=orders',
    '--port',
    `${port}`,
    ...args,
  );
  return { ...ran, out, config: join(out, 'sts.yaml') };
}

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe.skipIf(missing !== undefined)('adopt', () => {
  describe.each(Object.entries(TOOLS))('an operator of %s', (tool, make) => {
    test('writes a configuration that check --online accepts, and does not change the store', async () => {
      await using home = await createNscHome();
      await using issuer = await startIssuer();
      const server = await make(home);
      const before = await home.snapshot();
      const { exitCode, err, out } = await adopt(home, issuer, server.url);
      expect(err).toBe('');
      expect(exitCode).toBe(0);
      expect(await home.snapshot()).toEqual(before);
      const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).toSorted();
      expect(files).toEqual([
        'keys',
        'keys/.gitignore',
        'keys/operator-signing.nk',
        'keys/sealing.key',
        'keys/sts-system.creds',
        'operator.jwt',
        'sts.yaml',
      ]);
      for (const secret of ['operator-signing.nk', 'sealing.key', 'sts-system.creds']) {
        expect(mode(join(out, 'keys', secret))).toBe('600');
      }
      expect(mode(join(out, 'keys'))).toBe('700');
    });

    test('issues credentials that work, and existing users keep theirs', async () => {
      await using home = await createNscHome();
      await using issuer = await startIssuer();
      const server = await make(home);
      const { config } = await adopt(home, issuer, server.url);
      await home.sh(
        tool === 'nsc'
          ? 'nsc generate creds --account APP --name somebody --output-file somebody.creds'
          : 'nats auth user credential somebody.creds somebody APP --operator ACME',
      );
      const { log, lines } = captureLog();
      const service = await startService({ config, log, watch: false });
      try {
        await eventually(() => lines.some((line) => line.includes('signing key is active')));
        expect(await useCredential(service.url, issuer, server.url)).toBe('hello');
        // A push of an older copy removes our keys until nats-sts adds them again.
        await home.sh(
          tool === 'nsc'
            ? `nsc push --account APP -u ${server.url}`
            : `nats auth account push APP --operator ACME -s ${server.url} --creds admin.creds`,
        );
        await eventually(() => lines.some((line) => line.includes('someone else pushed')));
        await eventually(() =>
          useCredential(service.url, issuer, server.url).then(
            (heard) => heard === 'hello',
            () => false,
          ),
        );
        const somebody = await home.sh('cat somebody.creds');
        await (await connectWith(somebody, server.url)).close();
      } finally {
        await service.close();
      }
    });
  });

  test('a pull with nsc before the push keeps the keys of nats-sts', async () => {
    await using home = await createNscHome();
    await using issuer = await startIssuer();
    const port = await freePort();
    await home.sh(`nsc add operator --generate-signing-key --sys --name ACME
nsc edit operator --account-jwt-server-url nats://127.0.0.1:${port}
nsc add account --name APP`);
    const server = await home.serve('ACME', 'SYS', port);
    await home.sh('nsc push --account APP');
    const { config } = await adopt(home, issuer, server.url);
    const { log, lines } = captureLog();
    const service = await startService({ config, log, watch: false });
    try {
      await eventually(() => lines.some((line) => line.includes('signing key is active')));
      await home.sh(`nsc pull --all
nsc edit account --name APP --description changed
nsc push --account APP`);
      expect(await useCredential(service.url, issuer, server.url)).toBe('hello');
      expect(lines.filter((line) => line.includes('someone else pushed'))).toEqual([]);
    } finally {
      await service.close();
    }
  });

  test('creates a system account user with only the permissions that nats-sts needs', async () => {
    await using home = await createNscHome();
    await using issuer = await startIssuer();
    const server = await TOOLS.nsc(home);
    const { out } = await adopt(home, issuer, server.url);
    const creds = parseCreds(await home.sh(`cat ${out}/keys/sts-system.creds`));
    const user = creds instanceof Malformed ? creds : decodeJwt(creds.jwt);
    if (user instanceof Malformed) throw new Error(user.problem);
    expect(user.nats).toMatchObject(systemUserPermissions());
  });

  test('finds the store, the operator and the account without options if there is one of each', async () => {
    await using home = await createNscHome();
    const server = await TOOLS.nsc(home);
    for (const [name, value] of Object.entries(home.env)) vi.stubEnv(name, value);
    const out = join(home.path, 'found');
    const ran = await natsSts('adopt', '--dir', out, '--server', server.url, '--no-online');
    expect(ran).toMatchObject({ exitCode: 0, err: '' });
    const { accounts, nats } = loadConfig(join(out, 'sts.yaml'), { env: {} });
    expect(accounts.map(({ name }) => name)).toEqual(['APP']);
    expect(nats.servers).toEqual([server.url]);
    expect(ran.out).toContain('nats-sts check --online');
  });

  test('uses the service URLs of the operator as servers', async () => {
    await using home = await createNscHome();
    await home.sh(`nsc add operator --generate-signing-key --sys --name ACME
nsc edit operator --service-url nats://one.example:4222 --service-url tls://two.example:4222
nsc add account --name APP`);
    const out = join(home.path, 'out');
    await natsSts('adopt', '--nsc', home.nsc, '--dir', out, '--no-online');
    expect(loadConfig(join(out, 'sts.yaml'), { env: {} }).nats.servers).toEqual([
      'nats://one.example:4222',
      'tls://two.example:4222',
    ]);
  });

  test('asks for an operator and an account if there are several', async () => {
    await using home = await createNscHome();
    await home.sh(`nsc add operator --generate-signing-key --sys --name ONE
nsc add account --name APP
nsc add account --name LAB
nsc add operator --generate-signing-key --sys --name TWO`);
    const out = join(home.path, 'out');
    const which = (...args: string[]) =>
      natsSts('adopt', '--nsc', home.nsc, '--dir', out, '--no-online', ...args);
    expect((await which()).err).toContain('ONE, TWO; choose one with --operator');
    expect(await which('--operator', 'ONE')).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('APP, LAB; choose one with --account'),
    });
    expect((await which('--operator', 'THREE')).err).toContain(
      'no operator THREE: it has ONE, TWO',
    );
    expect((await which('--operator', 'ONE', '--account', 'SYS')).err).toContain('no account SYS');
    expect(existsSync(out)).toBe(false);
  });

  test('overwrites no file', async () => {
    await using home = await createNscHome();
    await home.sh(`nsc add operator --generate-signing-key --sys --name ACME
nsc add account --name APP`);
    const out = join(home.path, 'out');
    mkdirSync(out);
    writeFileSync(join(out, 'sts.yaml'), 'mine');
    const { exitCode, err } = await natsSts(
      'adopt',
      '--nsc',
      home.nsc,
      '--dir',
      out,
      '--no-online',
    );
    expect(exitCode).toBe(1);
    expect(err).toContain('already has sts.yaml; nothing was written');
    expect(readdirSync(out)).toEqual(['sts.yaml']);
  });

  describe.each(['nsc', 'nats auth'] as const)(
    'prints the %s commands that create what is missing',
    (tool) => {
      /** The lines below "with TOOL:", up to the next title. */
      function commandsOf(text: string): string {
        const [, after = ''] = text.split(`with ${tool}:\n`);
        return (/^(?: {4}.*\n)*/.exec(after)?.[0] ?? '').replaceAll(/^ {4}/gm, '');
      }

      test('no operator signing key', async () => {
        await using home = await createNscHome();
        await home.sh(
          tool === 'nsc'
            ? 'nsc add operator --sys --name ACME\nnsc add account --name APP'
            : 'nats auth operator add ACME --no-signing-key\nnats auth account add APP --operator ACME --defaults',
        );
        const out = join(home.path, 'out');
        const again = () => natsSts('adopt', '--nsc', home.nsc, '--dir', out, '--no-online');
        const { exitCode, err } = await again();
        expect(exitCode).toBe(1);
        expect(err).toContain('operator ACME has no signing key');
        expect(existsSync(out)).toBe(false);
        await home.sh(commandsOf(err));
        expect(await again()).toMatchObject({ exitCode: 0, err: '' });
      });

      test('no key of the system account', async () => {
        await using home = await createNscHome();
        await using issuer = await startIssuer();
        const server = await TOOLS[tool](home);
        // As if the identity and signing keys of accounts were on another machine.
        renameSync(home.at('keys/keys/A'), join(home.path, 'elsewhere'));
        const refused = await adopt(home, issuer, server.url);
        expect(refused.exitCode).toBe(1);
        expect(refused.err).toContain('no key of the system account');
        expect(existsSync(refused.out)).toBe(false);
        renameSync(join(home.path, 'elsewhere'), home.at('keys/keys/A'));
        await home.sh(commandsOf(refused.err));
        const creds = join(home.path, 'sts-system.creds');
        expect(mode(creds)).toBe('600');
        renameSync(home.at('keys/keys/A'), join(home.path, 'elsewhere'));
        const ran = await adopt(home, issuer, server.url, '--system-creds', creds);
        expect(ran).toMatchObject({ exitCode: 0, err: '' });
      });

      test.each([true, false])(
        'the commands of --print lead to the same result (signing key in the store: %s)',
        async (there) => {
          await using home = await createNscHome();
          await using issuer = await startIssuer();
          await TOOLS[tool](home);
          if (!there) renameSync(home.at('keys/keys/O'), join(home.path, 'offline'));
          const before = await home.snapshot();
          const port = await freePort();
          const { exitCode, out } = await natsSts(
            'adopt',
            '--print',
            '--nsc',
            home.nsc,
            '--server',
            `nats://127.0.0.1:${port}`,
            '--issuer',
            issuer.issuer,
            '--audience',
            'nats-sts',
          );
          expect(exitCode).toBe(0);
          expect(await home.snapshot()).toEqual(before);
          if (!there) renameSync(join(home.path, 'offline'), home.at('keys/keys/O'));
          const directory = join(home.path, 'by hand');
          mkdirSync(join(directory, 'keys'), { recursive: true, mode: 0o700 });
          const steps = out.split(/^(?=\d\. )/m).filter((step) => /^\d\. /.test(step));
          for (const step of steps.slice(0, -1)) {
            const shared = !step.includes('with nsc:');
            const lines = shared ? step.split('\n').slice(1).join('\n') : commandsOf(step);
            await home.sh(lines, directory);
          }
          const [, yaml = ''] = out.split(/^(?=# nats-sts: who gets)/m);
          writeFileSync(join(directory, 'sts.yaml'), yaml);
          // A server with the current operator JWT.
          const server = await home.serve('ACME', tool === 'nsc' ? 'SYS' : 'SYSTEM', port);
          await home.sh(
            tool === 'nsc'
              ? `nsc push --account APP -u ${server.url}`
              : `nats auth account push APP --operator ACME -s ${server.url} --creds admin.creds`,
          );
          const checked = await natsSts('check', '--online', '-c', join(directory, 'sts.yaml'));
          expect(checked).toMatchObject({ exitCode: 0, err: '' });
        },
      );
    },
  );

  test('the final check reports servers that do not know a new signing key yet', async () => {
    await using home = await createNscHome();
    await using issuer = await startIssuer();
    const server = await TOOLS.nsc(home);
    await home.sh('nsc edit operator --sk generate');
    const { exitCode, out: _, ...ran } = await adopt(home, issuer, server.url);
    expect(exitCode).toBe(1);
    expect(ran.err).toContain('the files are written');
    const { exitCode: checked } = await natsSts('check', '--online', '-c', ran.config);
    expect(checked).toBe(1);
  });
});

/** The message that a new credential receives after publishing it. */
async function useCredential(url: string, issuer: TestIssuer, server: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const { credential } = callers(url);
  const { creds } = await credential(await issuer.token({ iat: now, exp: now + 300 }));
  const connection = await connectWith(creds, server);
  try {
    const subscription = connection.subscribe('app.hello', { max: 1 });
    connection.publish('app.hello', 'hello');
    for await (const message of subscription) return message.string();
    return 'nothing';
  } finally {
    await connection.close();
  }
}

function connectWith(creds: string, servers: string) {
  return connect({
    servers,
    authenticator: credsAuthenticator(Buffer.from(creds)),
    reconnect: false,
  });
}
