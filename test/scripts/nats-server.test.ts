import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { defaultSearch, findNatsServer } from '../../scripts/nats-server.ts';
import { isAtLeast, type Search } from '../../scripts/nats-server/source.ts';

/** A little world of its own: a PATH with only what a test puts there, an empty cache, no network. */
let root: string;
let bin: string;
let said: string[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'nats-sts-find-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  bin = join(root, 'bin');
  said = [];
  await mkdir(bin);
  for (const tool of ['tar', 'gzip']) await symlink(realTool(tool), join(bin, tool));
});

const ARCHIVE = 'nats-server-v2.15.0-linux-amd64';
const NO_SUM = '0'.repeat(64);
/** Nothing listens there (and it is none of the ports that fetch itself refuses, as port 1 is). */
const CLOSED = 'http://127.0.0.1:2';

function search(more: Partial<Search> = {}): Search {
  return {
    env: { PATH: bin },
    cacheFolder: join(root, 'cache'),
    platform: 'linux',
    arch: 'x64',
    release: { version: '2.15.0', url: CLOSED, sums: { 'linux-amd64': NO_SUM } },
    debianMirror: CLOSED,
    say: (line) => said.push(line),
    ...more,
  };
}

function realTool(name: string): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const script = 'for folder in "$@"; do test -x "$folder/$0" && echo "$folder/$0" && exit; done';
  return execFileSync('/bin/sh', ['-c', script, name, ...folders], { encoding: 'utf8' }).trim();
}

/** A program at `path` that runs these lines of shell. */
async function program(path: string, ...lines: string[]): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const text = ['#!/bin/sh', `PATH='${process.env['PATH']}'`, ...lines, ''].join('\n');
  await writeFile(path, text, { mode: 0o755 });
  return path;
}

const fakeServer = (path: string, version: string) =>
  program(path, `echo "nats-server: v${version}"`);

/** Lines of shell that write a fake server to `path`. */
const writesServer = (path: string, version: string) =>
  `mkdir -p "$(dirname "${path}")"; printf '#!/bin/sh\\necho nats-server: v${version}\\n' > "${path}"; chmod 755 "${path}"`;

/** A web server with one answer; returns its URL and the paths it was asked for. */
async function serve(body: Uint8Array, status = 200): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, asked };
}

/** The official archive in little: its bytes, and their SHA-256. */
async function archive(version = '2.15.0'): Promise<{ bytes: Buffer; sum: string }> {
  await fakeServer(join(root, 'release', ARCHIVE, 'nats-server'), version);
  const file = join(root, 'archive.tar.gz');
  execFileSync('tar', ['-czf', file, '-C', join(root, 'release'), ARCHIVE]);
  const bytes = await readFile(file);
  return { bytes, sum: createHash('sha256').update(bytes).digest('hex') };
}

const release = (url: string, sum: string): Search['release'] => ({
  version: '2.15.0',
  url,
  sums: { 'linux-amd64': sum },
});

describe('NATS_SERVER', () => {
  test('wins over everything else', async () => {
    await fakeServer(join(bin, 'nats-server'), '2.15.1');
    const named = await fakeServer(join(root, 'mine'), '2.16.0');
    expect(await findNatsServer(search({ env: { PATH: bin, NATS_SERVER: named } }))).toBe(named);
    expect(said).toEqual([]);
  });

  test('may be old, which is said', async () => {
    const named = await fakeServer(join(root, 'mine'), '2.10.0');
    expect(await findNatsServer(search({ env: { PATH: bin, NATS_SERVER: named } }))).toBe(named);
    expect(said).toEqual([expect.stringContaining('v2.10.0')]);
  });

  test('that is wrong is an error, even where the PATH has one', async () => {
    await fakeServer(join(bin, 'nats-server'), '2.15.1');
    const missing = search({ env: { PATH: bin, NATS_SERVER: join(root, 'missing') } });
    await expect(findNatsServer(missing)).rejects.toThrow(/NATS_SERVER: .*missing does not run/);
    const other = await program(join(root, 'other'), 'echo hello');
    await expect(
      findNatsServer(search({ env: { PATH: bin, NATS_SERVER: other } })),
    ).rejects.toThrow('does not say its version');
  });
});

describe('the PATH', () => {
  test('is next, when what it has is recent enough', async () => {
    const found = await fakeServer(join(bin, 'nats-server'), '2.15.0');
    await fakeServer(join(root, 'cache/nats-server-v2.15.1/nats-server'), '2.15.1');
    expect(await findNatsServer(search())).toBe(found);
  });

  test('is passed over, and that is said, when what it has is older', async () => {
    await fakeServer(join(bin, 'nats-server'), '2.14.9');
    const found = await fakeServer(join(root, 'cache/nats-server-v2.15.1/nats-server'), '2.15.1');
    expect(await findNatsServer(search())).toBe(found);
    expect(said).toEqual([expect.stringMatching(/passed over.*v2\.14\.9/)]);
  });

  test('may have a recent one behind an older one', async () => {
    await fakeServer(join(bin, 'nats-server'), '2.9.10');
    const found = await fakeServer(join(root, 'later/nats-server'), '2.15.2');
    const env = { PATH: [bin, dirname(found)].join(delimiter) };
    expect(await findNatsServer(search({ env }))).toBe(found);
  });
});

describe('the release archive', () => {
  test('is fetched into the cache once, and found there afterwards', async () => {
    const { bytes, sum } = await archive();
    const { url, asked } = await serve(bytes);
    const here = search({ release: release(url, sum) });
    const path = join(root, 'cache/nats-server-v2.15.0/nats-server');
    expect(await findNatsServer(here)).toBe(path);
    expect(await findNatsServer(here)).toBe(path);
    expect(asked).toEqual([`/v2.15.0/${ARCHIVE}.tar.gz`]);
    expect(execFileSync(path, { encoding: 'utf8' })).toBe('nats-server: v2.15.0\n');
  });

  test('is whole for everyone when several fetch it at once, and leaves nothing else behind', async () => {
    const { bytes, sum } = await archive();
    const { url } = await serve(bytes);
    const here = search({ release: release(url, sum) });
    const paths = await Promise.all(Array.from({ length: 4 }, () => findNatsServer(here)));
    expect(new Set(paths).size).toBe(1);
    expect(await readdir(join(root, 'cache'))).toEqual(['nats-server-v2.15.0']);
    expect(execFileSync(paths[0]!, { encoding: 'utf8' })).toBe('nats-server: v2.15.0\n');
  });

  test('with another checksum than the pinned one is not used', async () => {
    const { bytes } = await archive();
    const { url } = await serve(bytes);
    await expect(findNatsServer(search({ release: release(url, NO_SUM) }))).rejects.toThrow(
      /GitHub release: .*not the pinned/,
    );
    expect(await readdir(join(root, 'cache'))).toEqual([]);
  });

  test('that is not there is a reason, not the end', async () => {
    const { url } = await serve(Buffer.from('no'), 404);
    await expect(findNatsServer(search({ release: release(url, NO_SUM) }))).rejects.toThrow(
      'answered 404',
    );
  });

  test('is not even asked for where no checksum is pinned', async () => {
    const { bytes, sum } = await archive();
    const { url, asked } = await serve(bytes);
    const here = search({ arch: 's390x', release: release(url, sum) });
    await expect(findNatsServer(here)).rejects.toThrow(
      'GitHub release: no checksum is pinned for linux-s390x',
    );
    expect(asked).toEqual([]);
  });
});

describe('after the release', () => {
  const fakeGo = () =>
    program(
      join(bin, 'go'),
      `if test "$1" = install; then ${writesServer('$GOBIN/nats-server', '2.15.1')}; fi`,
    );
  const fakeDpkg = () =>
    program(
      join(bin, 'dpkg-deb'),
      `if test "$1" = -x; then ${writesServer('$3/usr/sbin/nats-server', '2.10.27')}; fi`,
    );

  test('comes go install, into the cache', async () => {
    await fakeGo();
    const path = join(root, 'cache/nats-server-v2.15.1/nats-server');
    expect(await findNatsServer(search())).toBe(path);
    expect(said.at(-1)).toContain('go install');
  });

  test('comes a Debian package, whose checksum must be the pinned one', async () => {
    await fakeDpkg();
    const { url, asked } = await serve(Buffer.from('not the package'));
    await expect(findNatsServer(search({ debianMirror: url }))).rejects.toThrow(
      /Debian trixie package: .*not the pinned/,
    );
    expect(asked).toEqual([
      '/pool/main/n/nats-server/nats-server_2.15.1-1_amd64.deb',
      '/pool/main/n/nats-server/nats-server_2.10.27-1+b2_amd64.deb',
    ]);
  });

  test('a Debian package unpacked earlier is the last resort', async () => {
    const old = await fakeServer(join(root, 'cache/nats-server-v2.10.27/nats-server'), '2.10.27');
    expect(await findNatsServer(search())).toBe(old);
    await fakeGo();
    expect(await findNatsServer(search())).not.toBe(old);
  });
});

test('when all fails, the error lists what was tried, why each failed, and what to do', async () => {
  const fault = await findNatsServer(search()).catch(String);
  const tried = [
    'NATS_SERVER: not set',
    'PATH: has none',
    'cache: none in',
    'GitHub release: .*ECONNREFUSED',
    'go install: go is not on the PATH',
    'Debian forky package: dpkg-deb',
    'Debian trixie package: dpkg-deb',
    'or set NATS_SERVER',
  ];
  expect(fault).toMatch(new RegExp(tried.join('[^]*')));
});

test('every pinned checksum is a SHA-256', () => {
  expect(Object.values(defaultSearch().release.sums)).toEqual(
    Array.from({ length: 5 }, () => expect.stringMatching(/^[0-9a-f]{64}$/)),
  );
});

test('versions are compared number by number', () => {
  expect(isAtLeast('2.15.0', '2.15.0')).toBe(true);
  expect(isAtLeast('2.15.10', '2.15.9')).toBe(true);
  expect(isAtLeast('3.0.0', '2.15.0')).toBe(true);
  expect(isAtLeast('2.9.99', '2.15.0')).toBe(false);
  expect(isAtLeast('2.15.0-RC.1', '2.15.1')).toBe(false);
});
