import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { VERSION } from '../src/version.ts';
import { temporaryDirectory } from './audit/temporary-directory.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

function run(node: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(node, args, { encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
}

/** A Node on this machine that is too old, and its version. */
function oldNode(): { path: string; version: string } | undefined {
  const folders = ['/usr/bin', '/usr/local/bin', ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders
    .map((folder) => join(folder, 'node'))
    .filter((path) => existsSync(path))
    .map((path) => ({
      path,
      version: execFileSync(path, ['--version'], { encoding: 'utf8' }).trim(),
    }))
    .find(({ version }) => Number.parseInt(version.slice(1), 10) < 24);
}

/** A module that makes this Node say that it is another. */
function claiming(version: string): string {
  const versions = `{ value: { ...process.versions, node: '${version}' } }`;
  const script = `Object.defineProperty(process, 'versions', ${versions});`;
  return `data:text/javascript,${encodeURIComponent(script)}`;
}

test.each(['18.20.8', '23.11.1'])('Node %s is too old, which is said before all else', (old) => {
  expect(run(process.execPath, '--import', claiming(old), MAIN, '--version')).toEqual({
    status: 1,
    out: '',
    err: `nats-sts needs Node 24 or later; this is v${old}\n`,
  });
});

test.each(['24.0.0', '100.0.0'])('Node %s is not', (young) => {
  const ran = run(process.execPath, '--import', claiming(young), MAIN, '--version');
  expect(ran).toEqual({ status: 0, out: `${VERSION}\n`, err: '' });
});

const old = oldNode();
test.skipIf(old === undefined)('an old Node can read as far as that', () => {
  using directory = temporaryDirectory();
  const copy = join(directory.path, 'main.mjs');
  writeFileSync(copy, readFileSync(MAIN));
  expect(run(old?.path ?? '', copy, '--version')).toEqual({
    status: 1,
    out: '',
    err: `nats-sts needs Node 24 or later; this is ${old?.version}\n`,
  });
});
