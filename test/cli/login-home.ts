import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { temporaryDirectory } from '../audit/temporary-directory.ts';

const BROWSER = fileURLToPath(new URL('following-browser.ts', import.meta.url));

/** A separate configuration directory, and a browser that agrees to everything, until the end of the block. */
export function loginHome() {
  const directory = temporaryDirectory();
  vi.stubEnv('XDG_CONFIG_HOME', directory.path);
  vi.stubEnv('BROWSER', `${process.execPath} ${BROWSER}`);
  vi.stubEnv('STS_URL', undefined);
  const path = (name: string): string => join(directory.path, name);
  return {
    path: directory.path,
    at: path,
    has: (name: string): boolean => existsSync(path(name)),
    read: (name: string): string => readFileSync(path(name), 'utf8'),
    json: (name: string): Record<string, unknown> => JSON.parse(readFileSync(path(name), 'utf8')),
    mode: (name: string): number => statSync(path(name)).mode & 0o777,
    /** Every file in it, sorted, without the lock. */
    files: (): string[] =>
      readdirSync(directory.path, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory() && entry.name !== 'sessions.lock')
        .map((entry) => join(entry.parentPath, entry.name).slice(directory.path.length + 1))
        .sort(),
    /** What is stored about a service. */
    service: (url: string) => stored(path('nats-sts/sessions.json'))[`${url}/`],
    /** The refresh token for a role there. */
    refreshToken: (url: string, role: string): string | undefined =>
      stored(path('nats-sts/sessions.json'))[`${url}/`]?.sessions.find((has) => has.role === role)
        ?.refreshToken,
    [Symbol.dispose]() {
      vi.unstubAllEnvs();
      directory[Symbol.dispose]();
    },
  };
}

interface StoredForTests {
  role: string;
  sessions: { role: string; refreshToken: string; endsAt: number }[];
  credentials: { context: string; role: string }[];
}

function stored(file: string): Readonly<Record<string, StoredForTests>> {
  return (JSON.parse(readFileSync(file, 'utf8')) as { services: Record<string, StoredForTests> })
    .services;
}
