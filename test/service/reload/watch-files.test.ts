import { mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type FileVersions, versionsOf } from '../../../src/config/files.ts';
import { watchFiles } from '../../../src/service/reload/watch-files.ts';
import { temporaryDirectory } from '../../audit/temporary-directory.ts';
import { eventually } from '../../support/eventually.ts';

const OFTEN = { lookEveryMilliseconds: 5, settleMilliseconds: 5 };

/** Watches the files in the state that they are in now; each change is taken as it is. */
async function watched(...names: string[]) {
  const directory = temporaryDirectory();
  const path = (name: string) => join(directory.path, name);
  for (const name of names) writeFileSync(path(name), 'first');
  let versions: FileVersions = await versionsOf(names.map(path));
  let changes = 0;
  const start = (onChange = () => {}) =>
    watchFiles({
      ...OFTEN,
      files: () => versions,
      onChange: () => {
        changes += 1;
        onChange();
      },
    });
  return {
    path,
    start,
    changes: () => changes,
    read: async (...files: string[]) => void (versions = await versionsOf(files)),
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

test('a change between reading and the first check is noticed', async () => {
  using t = await watched('file');
  writeFileSync(t.path('file'), 'other');
  const stop = t.start();
  await eventually(() => t.changes() > 0);
  expect(t.changes()).toBe(1);
  stop();
});

test.each([
  [
    'a text of the same length, with the times of before',
    (file: string) => {
      writeFileSync(file, 'tsrif');
      utimesSync(file, 1, 1);
    },
  ],
  [
    'another file in its place',
    (file: string) => {
      writeFileSync(`${file}.new`, 'first');
      renameSync(`${file}.new`, file);
    },
  ],
])('%s is a change', async (_, change) => {
  using t = await watched('file');
  const stop = t.start();
  change(t.path('file'));
  await eventually(() => t.changes() > 0);
  expect(t.changes()).toBe(1);
  stop();
});

test('a swapped symbolic link two directories up, as Kubernetes updates a ConfigMap, is a change', async () => {
  using t = await watched();
  for (const version of ['one', 'two']) {
    mkdirSync(t.path(version));
    writeFileSync(join(t.path(version), 'sts.yaml'), version);
  }
  symlinkSync('one', t.path('..data'));
  symlinkSync('..data/sts.yaml', t.path('sts.yaml'));
  await t.read(t.path('sts.yaml'));
  const stop = t.start();
  symlinkSync('two', t.path('..data_tmp'));
  renameSync(t.path('..data_tmp'), t.path('..data'));
  await eventually(() => t.changes() > 0);
  expect(t.changes()).toBe(1);
  stop();
});

test('a file that was missing and appears is a change', async () => {
  using t = await watched();
  await t.read(t.path('late'));
  const stop = t.start();
  writeFileSync(t.path('late'), 'here');
  await eventually(() => t.changes() > 0);
  expect(t.changes()).toBe(1);
  stop();
});

test('a change that could not be used is reported once, and the next one again', async () => {
  using t = await watched('file', 'other');
  const stop = t.start();
  writeFileSync(t.path('file'), 'second');
  await eventually(() => t.changes() > 0);
  expect(t.changes()).toBe(1);
  // Looked at many times since, as the change of the other file shows.
  writeFileSync(t.path('other'), 'second');
  await eventually(() => t.changes() > 1);
  expect(t.changes()).toBe(2);
  stop();
});
