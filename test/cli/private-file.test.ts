import { execFile, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { destination, writePrivately } from '../../src/cli/private-file.ts';
import { temporaryDirectory } from '../audit/temporary-directory.ts';

const run = promisify(execFile);
const SOURCE = fileURLToPath(new URL('../../src/cli/private-file.ts', import.meta.url));
const ROOT = process.getuid?.() === 0;
const NOBODY = 65_534;

let directory: ReturnType<typeof temporaryDirectory>;
const path = (name: string): string => join(directory.path, name);
const mode = (file: string): number => statSync(file).mode & 0o777;

beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory[Symbol.dispose]());

/** Runs `action` as a user who is not root, if this process is root. */
function unprivileged(action: () => void): void {
  if (!ROOT) return action();
  process.seteuid?.(NOBODY);
  try {
    action();
  } finally {
    process.seteuid?.(0);
  }
}

describe('a regular file', () => {
  test('is created with the requested mode, whatever the umask', () => {
    const umask = process.umask(0o077);
    try {
      writePrivately(path('new'), 'text', 0o640);
    } finally {
      process.umask(umask);
    }
    expect([readFileSync(path('new'), 'utf8'), mode(path('new'))]).toEqual(['text', 0o640]);
  });

  test('is replaced, so that a second link to the old file keeps the old text', () => {
    writeFileSync(path('file'), 'old');
    linkSync(path('file'), path('second'));
    writePrivately(path('file'), 'new');
    expect(readFileSync(path('file'), 'utf8')).toBe('new');
    expect(readFileSync(path('second'), 'utf8')).toBe('old');
    expect(mode(path('file'))).toBe(0o600);
    expect(readdirSync(directory.path).toSorted()).toEqual(['file', 'second']);
  });

  test.runIf(ROOT)('that is shared keeps its group', () => {
    writeFileSync(path('file'), 'old');
    chownSync(path('file'), 0, NOBODY);
    writePrivately(path('file'), 'new', 0o640);
    expect(statSync(path('file'))).toMatchObject({ gid: NOBODY });
  });

  test('in a directory closed to this user is rewritten in place', () => {
    const closed = path('closed');
    mkdirSync(closed);
    const file = join(closed, 'file');
    writeFileSync(file, 'a longer text', { mode: 0o644 });
    if (ROOT) chownSync(file, NOBODY, NOBODY);
    chmodSync(directory.path, 0o755);
    chmodSync(closed, 0o555);
    const { ino } = statSync(file);
    unprivileged(() => writePrivately(file, 'new'));
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect([statSync(file).ino, mode(file)]).toEqual([ino, 0o600]);
    chmodSync(closed, 0o755);
  });

  test.runIf(ROOT)(
    'that others can read, and whose mode this user cannot change, gets no secret',
    () => {
      const closed = path('closed');
      mkdirSync(closed);
      const file = join(closed, 'file');
      writeFileSync(file, 'old');
      chmodSync(file, 0o666);
      chmodSync(directory.path, 0o755);
      expect(() => unprivileged(() => writePrivately(file, 'secret'))).toThrow(
        /its mode is 666, which only its owner can change/,
      );
      expect(readFileSync(file, 'utf8')).toBe('old');
    },
  );

  const mounts = spawnSync('unshare', ['-rm', 'true']).status === 0;
  test.runIf(mounts)(
    'that is bind-mounted, as containers mount a single file, is rewritten in place',
    async () => {
      writeFileSync(path('outside'), 'the old text');
      writeFileSync(path('mounted'), '');
      const script = `import { writePrivately } from ${JSON.stringify(SOURCE)}; writePrivately(process.argv[1], 'new')`;
      const shell =
        'mount --bind "$1" "$2" && exec "$3" --input-type=module-typescript --eval "$4" "$2"';
      const args = [path('outside'), path('mounted'), process.execPath, script];
      await run('unshare', ['-rm', 'sh', '-c', shell, 'sh', ...args]);
      expect(readFileSync(path('outside'), 'utf8')).toBe('new');
      expect(mode(path('outside'))).toBe(0o600);
      expect(readFileSync(path('mounted'), 'utf8')).toBe('');
    },
  );
});

describe('a symbolic link', () => {
  test.each([
    ['to a file', 'there/file', 'there/file'],
    ['to a place where nothing is yet', 'there/new', 'there/new'],
    ['to another link', 'second', 'there/file'],
  ])('%s stays, and what it points to is replaced', (_, target, end) => {
    mkdirSync(path('there'));
    writeFileSync(path('there/file'), 'old');
    symlinkSync('there/file', path('second'));
    symlinkSync(target, path('link'));
    writePrivately(path('link'), 'new');
    expect(readlinkSync(path('link'))).toBe(target);
    expect(lstatSync(path(end)).isFile()).toBe(true);
    expect([readFileSync(path(end), 'utf8'), mode(path(end))]).toEqual(['new', 0o600]);
  });

  test('is resolved from where it is, also in a linked directory', () => {
    mkdirSync(path('deep/er'), { recursive: true });
    symlinkSync('deep/er', path('shortcut'));
    symlinkSync('../file', path('deep/er/link'));
    writePrivately(path('shortcut/link'), 'new');
    expect(readFileSync(path('deep/file'), 'utf8')).toBe('new');
  });

  test.runIf(ROOT)('that another user left in a directory open to all is not followed', () => {
    const open = path('open');
    mkdirSync(open);
    chmodSync(open, 0o1777);
    writeFileSync(path('victim'), 'old');
    symlinkSync(path('victim'), join(open, 'link'));
    lchownSync(join(open, 'link'), NOBODY, NOBODY);
    expect(() => writePrivately(join(open, 'link'), 'new')).toThrow(/belongs to another user/);
    expect(readFileSync(path('victim'), 'utf8')).toBe('old');
    lchownSync(join(open, 'link'), 0, 0);
    writePrivately(join(open, 'link'), 'new');
    expect(readFileSync(path('victim'), 'utf8')).toBe('new');
  });

  test('in a circle is an error', () => {
    symlinkSync('two', path('one'));
    symlinkSync('one', path('two'));
    expect(() => writePrivately(path('one'), 'new')).toThrow(/too many symbolic links/);
  });
});

describe('what is not a regular file', () => {
  test('a pipe gets the text, and stays a pipe', async () => {
    await run('mkfifo', [path('pipe')]);
    const reader = run('cat', [path('pipe')]);
    writePrivately(path('pipe'), 'text');
    expect((await reader).stdout).toBe('text');
    expect(lstatSync(path('pipe')).isFIFO()).toBe(true);
  });

  test('a device gets the text, and stays a device', () => {
    writePrivately('/dev/null', 'text');
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  test('a named descriptor of this process is written at its position', () => {
    const handle = openSync(path('open'), 'a');
    writePrivately(`/dev/fd/${handle}`, 'one');
    writePrivately(`/proc/self/fd/${handle}`, 'two');
    expect(readFileSync(path('open'), 'utf8')).toBe('onetwo');
  });

  test('a directory is an error that says what to do', () => {
    expect(() => writePrivately(directory.path, 'text')).toThrow(/it is a directory: name a file/);
  });
});

test.each([
  ['/dev/stdout', 1],
  ['/dev/stderr', 2],
  ['/dev/fd/63', 63],
  [`/proc/${process.pid}/fd/3`, 3],
])('%s names descriptor %d', (file, descriptor) => {
  expect(destination(file)).toBe(descriptor);
});

test('a link to /dev/stdout, as container images make them for logs, is stdout', () => {
  symlinkSync('/dev/stdout', path('log'));
  expect(destination(path('log'))).toBe(1);
});
