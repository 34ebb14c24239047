import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { CliError, ExitCode } from '../exit-codes.ts';

/** Longer than a holder waits for the service. */
const PATIENCE_MILLISECONDS = 30_000;
const TRY_MILLISECONDS = 25;
/** sqlite.org/rescode.html */
const SQLITE_BUSY = 5;

/**
 * Runs `action` while no other process (and nobody else in this one) runs one under the same lock.
 *
 * SQLite's lock on a file that stays empty: Node has no other that the system lets go of when its
 * holder dies.
 *
 * @throws CliError when others hold it for too long, or the file can't be used.
 */
export async function locked<T>(file: string, action: () => Promise<T>): Promise<T> {
  const lock = await take(file);
  try {
    return await action();
  } finally {
    lock.close();
  }
}

async function take(file: string): Promise<DatabaseSync> {
  const deadline = Date.now() + PATIENCE_MILLISECONDS;
  for (;;) {
    const lock = tryToTake(file);
    if (lock) return lock;
    if (Date.now() > deadline) {
      throw new CliError(
        ExitCode.unavailable,
        `another nats-sts holds ${file}: is a login under way?`,
      );
    }
    await wait(TRY_MILLISECONDS);
  }
}

function tryToTake(file: string): DatabaseSync | undefined {
  let database: DatabaseSync | undefined;
  try {
    createPrivately(file);
    database = new DatabaseSync(file, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (cause) {
    database?.close();
    const { errcode, message } = cause as Error & { errcode?: number };
    if (errcode === SQLITE_BUSY) return undefined;
    throw new CliError(ExitCode.failed, `cannot lock ${file}: ${message}`, { cause });
  }
}

/**
 * SQLite would create it for everyone's eyes. A file that is there is not opened: closing it again
 * would let go of every lock that this process has on it (POSIX.1, fcntl).
 */
function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
