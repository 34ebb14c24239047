import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CliError } from '../../../src/cli/exit-codes.ts';
import { locked } from '../../../src/cli/login/lock.ts';
import { temporaryDirectory } from '../../audit/temporary-directory.ts';

const LOCK = new URL('../../../src/cli/login/lock.ts', import.meta.url).href;

/** Another process that holds the lock until it is killed. */
async function holder(file: string) {
  const script = `
    import { locked } from ${JSON.stringify(LOCK)};
    await locked(process.argv[1], () => {
      console.log('held');
      return new Promise((resolve) => process.stdin.once('data', resolve));
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, file]);
  await once(child.stdout, 'data');
  return child;
}

test('one after the other, in any order but never at once', async () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, 'lock');
  let inside = 0;
  let most = 0;
  const action = async (): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 5 }, () => locked(file, action)));
  expect(most).toBe(1);
});

test('it is released if the action fails', async () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, 'lock');
  await expect(locked(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await locked(file, () => Promise.resolve('free'))).toBe('free');
});

test('another process must wait, and gets it when the holder is killed', async () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, 'lock');
  const child = await holder(file);
  let got = false;
  const waiting = locked(file, () => {
    got = true;
    return Promise.resolve();
  });
  // Long enough for several tries.
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(got).toBe(false);
  child.kill('SIGKILL');
  await waiting;
  expect(got).toBe(true);
});

test('an error names a file that cannot be used', async () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, 'nowhere', 'lock');
  await expect(locked(file, () => Promise.resolve())).rejects.toThrow(CliError);
  await expect(locked(file, () => Promise.resolve())).rejects.toThrow(`cannot lock ${file}`);
});
