import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemUserPermissions } from '../../src/account/system/permissions.ts';
import { writeAll } from '../../src/cli/init/write-files.ts';
import { planFiles } from '../../src/cli/init/plan.ts';
import type { PlannedFile } from '../../src/cli/init/planned-file.ts';
import { program } from '../../src/cli/program.ts';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load.ts';
import { REASONS } from '../../src/errors.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { indexRevocations } from '../../src/revocation/revocation-index.ts';
import { createMetrics } from '../../src/service/metrics/service-metrics.ts';
import { preflight } from '../../src/service/signing/preflight.ts';
import { rotationMetrics } from '../../src/service/metrics/rotation-metrics.ts';
import { workerMetrics } from '../../src/service/workers/worker-metrics.ts';
import { storeUserPermissions } from '../../src/store/jetstream/permissions.ts';
import { capturedTerminal } from '../cli/captured-terminal.ts';
import {
  deadLinks,
  deadPaths,
  DOCUMENTS,
  document,
  ROOT,
  shownCommands,
  tableKeys,
  wholeConfigs,
} from './documents.ts';

const named = DOCUMENTS.map((document) => [document.path, document] as const);

describe.each(named)('%s', (_, document) => {
  test('links only to existing files and headings', () => {
    expect(deadLinks(document)).toEqual([]);
  });

  test('names only existing files', () => {
    expect(deadPaths(document)).toEqual([]);
  });

  test('shows only existing commands and options', async () => {
    for (const { line, command, options } of shownCommands(document)) {
      const help = await helpOf(command);
      for (const option of options) {
        expect(help, `${option} in: ${line}`).toMatch(new RegExp(`\\s${option}[\\s,]`));
      }
    }
  });

  test('shows whole configurations only if they load', async () => {
    for (const yaml of wholeConfigs(document)) expect(await warningsOf(yaml)).toEqual([]);
  });
});

async function helpOf(command: string): Promise<string> {
  const terminal = capturedTerminal();
  const exitCode = await program(['node', 'nats-sts', ...command.split(' '), '--help'], terminal);
  expect(exitCode, `nats-sts ${command}`).toBe(0);
  expect(terminal.written.out).toContain(`Usage: nats-sts ${command} `);
  return terminal.written.out;
}

/** The warnings about a configuration; the files that it names are below a folder in place of the root. */
async function warningsOf(yaml: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'nats-sts-docs-'));
  try {
    const rooted = yaml.replaceAll(/(?<=[\s"])\/(?=etc|var)/g, `${folder}/`);
    writeAll(folder, await filesOfInit(folder));
    for (const [, file = ''] of rooted.matchAll(/file: ([^\s,}]+)/g)) {
      const path = join(file.startsWith('/') ? '' : folder, file);
      if (existsSync(path)) continue;
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, createKeyPair('account').seed(), { mode: 0o600 });
    }
    await writeFile(join(folder, 'sts.yaml'), rooted);
    const config = loadConfig(join(folder, 'sts.yaml'), { env: {} });
    preflight(config);
    return config.warnings.flatMap(({ level, message }) => (level === 'warning' ? message : []));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Configurations may name files that `nats-sts init` writes. */
function filesOfInit(directory: string): Promise<PlannedFile[]> {
  return planFiles({
    directory,
    operator: 'local',
    account: 'APP',
    external: false,
    jetstream: true,
    port: 8080,
    natsPort: 4222,
    issuer: { name: 'any', settings: {} },
    match: {},
    admin: {},
  });
}

test('the documents show whole configurations, and every command', () => {
  expect(DOCUMENTS.flatMap(wholeConfigs).length).toBeGreaterThanOrEqual(2);
  const commands = DOCUMENTS.flatMap(shownCommands).map(({ command }) => command);
  expect(new Set(commands)).toEqual(
    new Set(
      [
        ['serve', 'rotator', 'init', 'check', 'explain', 'test', 'audit', 'exchange', 'health'],
        ['adopt', 'doctor', 'keys', 'keys list', 'keys rotate', 'keys revoke', 'revoke'],
        ['revocations', 'revocations list', 'revocations lift'],
        ['login', 'whoami', 'logout'],
      ].flat(),
    ),
  );
});

test('every reason to refuse has its row in docs/operations/refusals.md, and no other', () => {
  expect(tableKeys(document('docs/operations/refusals.md'))).toEqual(Object.keys(REASONS));
});

test('every reason to refuse is used somewhere', () => {
  const source = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && path !== 'errors.ts')
    .map((path) => readFileSync(join(ROOT, 'src', path), 'utf8'))
    .join('\n');
  expect(Object.keys(REASONS).filter((reason) => !source.includes(`'${reason}'`))).toEqual([]);
});

test('every metric of nats-sts has its row in docs/operations/metrics.md, and no other', () => {
  const { registry } = createMetrics({
    version: 'any',
    droppedRejections: () => 0,
    issuers: () => [],
  });
  rotationMetrics(registry, {
    clock: systemClock,
    accounts: () => [],
    ring: () => undefined,
    storeFreshAt: () => 0,
    revocations: {
      index: indexRevocations(),
      made: { identity: 0, nkey: 0, role: 0, binding: 0 },
    },
  });
  workerMetrics(registry, () => 2);
  const ours = registry.getMetricsAsArray().map(({ name }) => name);
  expect(tableKeys(document('docs/operations/metrics.md')).toSorted()).toEqual(
    ours.filter((name) => name.startsWith('nats_sts_')).toSorted(),
  );
});

test('every message of the running service has its row in docs/operations/log.md', () => {
  const logged = [
    'src/service.ts',
    'src/service/generation.ts',
    'src/service/workers/fleet.ts',
    'src/service/workers/primary.ts',
    'src/service/workers/worker.ts',
    'src/service/reload/reload.ts',
    'src/service/reload/certificate.ts',
    'src/service/rotator-service.ts',
    'src/service/rotation/start-rotation.ts',
    'src/service/rotation/reporter.ts',
    'src/service/resources.ts',
    'src/service/stores.ts',
    'src/cli/run.ts',
  ]
    .map((path) => readFileSync(join(ROOT, path), 'utf8'))
    .flatMap((source) => [...source.matchAll(/log\.\w+\(\s*\{[^}]*\},\s*'([^']+)'/g)])
    .map(([, message = '']) => message);
  expect(logged.length).toBeGreaterThan(5);
  expect(tableKeys(document('docs/operations/log.md'))).toEqual(expect.arrayContaining(logged));
});

test('the users in the documents get every subject that they need', () => {
  const pages = ['adopt', 'replicas'].map((name) => document(`docs/operations/${name}.md`).text);
  const shown = pages.join('\n').replaceAll('\\$', '$');
  const needed = [systemUserPermissions(), storeUserPermissions('nats-sts')].flatMap(
    ({ pub, sub }) => [...(pub.allow ?? []), ...(sub.allow ?? [])],
  );
  const missing = needed.filter((subject) => {
    // The commands iterate over the buckets.
    const looped = subject.replace(/(?<=nats-sts)(?:_credentials|_single_use)?(?=[.]|$)/, '$b');
    return ![subject, looped].some((text) => isListed(shown, text));
  });
  expect(missing).toEqual([]);
});

/** Whether the text contains the subject as a whole option value, not as the beginning of another. */
function isListed(text: string, subject: string): boolean {
  return text.split(/[\s,'"]/).includes(subject);
}

test('every package that src imports has its row in the ADR, and no other', () => {
  const imported = globSync('src/**/*.ts', { cwd: ROOT }).flatMap((path) =>
    [
      ...readFileSync(join(ROOT, path), 'utf8').matchAll(
        /(?:\bfrom |\bimport\(|\brequire\()'((?:@[\w-]+\/)?[a-z][\w-]*)['/]/g,
      ),
    ].map(([, name]) => name),
  );
  const { text } = document('docs/adr/0008-production-dependencies.md');
  const rows = [...text.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name);
  expect(new Set(rows)).toEqual(new Set(imported));
});

test('the drawing of the house shows everything in src, and nothing else', () => {
  const { text } = document('docs/architecture.md');
  const drawing = /^src\/\n([^]*?)^test\//m.exec(text)?.[1] ?? '';
  const drawn = [...drawing.matchAll(/^ {2}([\w.-]+?)\/? /gm)].map(([, name]) => name);
  expect(new Set(drawn)).toEqual(new Set(readdirSync(join(ROOT, 'src'))));
});

test('every rule in docs/security-tests.md names an existing test', () => {
  const rows = [
    ...document('docs/security-tests.md').text.matchAll(/`(test\/[\w./-]+)`: \*(.+)\* \|$/gm),
  ];
  expect(rows.length).toBeGreaterThan(40);
  for (const [, file = '', name = ''] of rows) {
    expect(`${file}\n${readFileSync(join(ROOT, file), 'utf8')}`).toContain(name);
  }
});
