import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { CliError, ExitCode } from '../exit-codes.ts';
import { makePrivateDirectory, writePrivately } from '../private-file.ts';
import { locked } from './lock.ts';
import type { Paths } from './paths.ts';
import { SERVICE, type StoredService } from './stored-service.ts';

const FILE = z.object({
  version: z.literal(1),
  /** URL of the service that was used last, even if nobody is signed in there now. */
  last: z.url({ protocol: /^https?$/ }).optional(),
  /** By the URL of the service, with a trailing slash. */
  services: z.record(z.string(), SERVICE),
});

/** The sessions, while this process holds the lock. Each change is on disk when the call returns. */
export interface OpenSessions {
  get(url: URL): StoredService | undefined;
  put(url: URL, service: StoredService): void;
  remove(url: URL): void;
  /** The other service that this context was written for, if any. */
  ownerOf(context: string, url: URL): string | undefined;
}

/** The logins of this user on this machine, by service. */
export interface Sessions {
  /** By URL. Throws CliError if the file cannot be read. */
  all(): ReadonlyMap<string, StoredService>;
  /** The service that was used last, even if nobody is signed in there now. Throws as `all` does. */
  last(): URL | undefined;
  /** Only one at a time on this machine, across processes; it sees what the others wrote. */
  exclusively<T>(action: (sessions: OpenSessions) => Promise<T> | T): Promise<T>;
}

export function openSessions({ directory, sessions: file, lock }: Paths): Sessions {
  return {
    all: () => read(file).services,
    last() {
      const { last } = read(file);
      return last === undefined ? undefined : new URL(last);
    },
    async exclusively(action) {
      makePrivateDirectory(directory);
      return locked(lock, async () => action(changeable(file)));
    },
  };
}

function changeable(file: string): OpenSessions {
  const { services } = read(file);
  const write = (last: string) => {
    const content = { version: 1, last, services: Object.fromEntries(services) };
    writePrivately(file, `${JSON.stringify(content, undefined, 2)}\n`);
  };
  return {
    get: ({ href }) => services.get(href),
    put({ href }, service) {
      services.set(href, service);
      write(href);
    },
    remove({ href }) {
      if (services.delete(href)) write(href);
    },
    ownerOf(context, { href }) {
      for (const [other, { credentials }] of services) {
        if (other !== href && credentials.some((has) => has.context === context)) return other;
      }
      return undefined;
    },
  };
}

interface Content {
  readonly last: string | undefined;
  readonly services: Map<string, StoredService>;
}

function read(file: string): Content {
  const text = textOf(file);
  if (text === undefined) return { last: undefined, services: new Map() };
  try {
    const { last, services } = FILE.parse(JSON.parse(text));
    return { last, services: new Map(Object.entries(services)) };
  } catch (cause) {
    // It contains secrets: the error does not quote it.
    throw new CliError(
      ExitCode.failed,
      `${file} is not a file that this nats-sts can read; move it away, then sign in again`,
      { cause },
    );
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new CliError(ExitCode.failed, `cannot read ${file}: ${message}`, { cause });
  }
}
