import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { initCommand } from '../../src/cli/init.ts';
import { startService } from '../../src/service.ts';
import { temporaryDirectory } from '../audit/temporary-directory.ts';
import { document } from '../docs/documents.ts';
import { captureLog } from '../support/captured-log.ts';
import { eventually } from '../support/eventually.ts';
import { AUDIENCE, startIssuer } from '../support/issuer.ts';
import { findNatsCli, runNats } from '../support/nats-cli.ts';
import { startNatsServer } from '../support/nats-server.ts';
import { callers, type ConfigTree } from '../support/service-world.ts';
import { capturedTerminal } from './captured-terminal.ts';

/** The `nats` commands that the quick start runs with JetStream, each as its words. */
function shownCommands(): string[][] {
  const [, block = ''] =
    /^export NATS_URL=[^\n]*\n([^]*?)^```/m.exec(document('docs/quick-start.md').text) ?? [];
  return block
    .split('\n')
    .filter((line) => line.startsWith('nats '))
    .map((line) =>
      [...line.matchAll(/'([^']*)'|(\S+)/g)]
        .slice(1)
        .map(([, quoted, bare]) => quoted ?? bare ?? ''),
    );
}

async function started(directory: string, ...args: string[]) {
  await initCommand(capturedTerminal()).parseAsync(['--dir', directory, ...args], { from: 'user' });
  const stack = new AsyncDisposableStack();
  const conf = readFileSync(join(directory, 'nats-server.conf'), 'utf8');
  const nats = stack.use(await startNatsServer({ config: conf }));
  const issuer = stack.use(await startIssuer());
  const file = join(directory, 'sts.yaml');
  const tree = parse(readFileSync(file, 'utf8')) as ConfigTree;
  tree['listen'].port = 0;
  tree['nats'].servers = [nats.url];
  tree['issuers'] = {
    dev: { issuer: issuer.issuer, audience: AUDIENCE, allowInsecureHttp: true },
  };
  tree['bindings'] = [{ name: 'all', issuer: 'dev', match: { sub: 'orders' }, roles: ['starter'] }];
  writeFileSync(file, stringify(tree));
  const service = await startService({ config: file, log: captureLog().log, watch: false });
  stack.defer(() => service.close());
  const now = Math.floor(Date.now() / 1000);
  const token = await issuer.token({ iat: now, exp: now + 300 });
  const { exchange } = callers(service.url);
  const { creds } = await eventually(async () => {
    const response = await exchange(token);
    return response.ok && ((await response.json()) as { creds: string });
  });
  const credsFile = join(directory, 'app.creds');
  writeFileSync(credsFile, creds, { mode: 0o600 });
  const cli = await findNatsCli();
  if ('missing' in cli) throw new Error(cli.missing);
  const run = (args: readonly string[]) =>
    runNats(cli.path, ['--server', nats.url, '--creds', credsFile, ...args], directory);
  return { run, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

test('JetStream works on the server that init makes, with the commands of the quick start and a credential that was issued', async () => {
  using directory = temporaryDirectory();
  await using world = await started(join(directory.path, 'a "quoted" place'));
  const commands = shownCommands();
  expect(commands.map(([first]) => first)).toEqual(['stream', 'pub', 'consumer', 'consumer']);
  let output = '';
  for (const command of commands) {
    const result = await world.run(command);
    expect(result).toMatchObject({ code: 0 });
    output = result.output;
  }
  expect(output).toContain('{"order": 1}');
});

test('with --external too', async () => {
  using directory = temporaryDirectory();
  await using world = await started(directory.path, '--external');
  expect(
    await world.run(['stream', 'add', 'A', '--subjects', 'app.a', '--defaults']),
  ).toMatchObject({ code: 0 });
});

test('--no-jetstream leaves it out of the server, the account and the role', async () => {
  using directory = temporaryDirectory();
  await using world = await started(directory.path, '--no-jetstream');
  const conf = readFileSync(join(directory.path, 'nats-server.conf'), 'utf8');
  expect(conf).not.toContain('jetstream');
  expect(readFileSync(join(directory.path, 'sts.yaml'), 'utf8')).not.toContain('$JS');
  expect((await world.run(['pub', 'app.hello', 'world'])).code).toBe(0);
  expect((await world.run(['stream', 'ls'])).code).not.toBe(0);
});
