import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { CliError, ExitCode } from '../exit-codes.ts';

/** Longer than the holder of the lock waits for the service. */
const PATIENCE_MILLISECONDS = 30_000;
const TRY_MILLISECONDS = 25;
/** sqlite.org/rescode.html */
const SQLITE_BUSY = 5;

/**
 * Runs `action` while nothing else, in this process or another, runs under the same lock.
 *
 * It is SQLite's lock on a file that stays empty: Node has no other lock that the system releases when
 * its holder dies.
 *
 * @throws CliError if others hold it for too long, or the file cannot be used.
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
        `another nats-sts has locked ${file}; finish the login that is running, then try again`,
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
 * SQLite would create a file that everyone can read. An existing file is not opened: closing it would
 * release every lock that this process has on it (POSIX.1, fcntl).
 */
function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
