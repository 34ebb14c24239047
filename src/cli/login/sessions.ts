import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { CliError, ExitCode } from '../exit-codes.ts';
import { makePrivateDirectory, writePrivately } from '../private-file.ts';
import { CONTEXT_NAME } from './context-name.ts';
import { locked } from './lock.ts';
import type { Places } from './places.ts';

const CREDENTIAL = z.object({
  /** Of the nats command line; the creds file has its name. */
  context: z.string().regex(CONTEXT_NAME),
  role: z.string(),
  account: z.string(),
  /** Unix seconds. */
  expiresAt: z.number(),
});

const SESSION = z.object({
  /** Secret; good once. Absent: signed out, but credentials are left. */
  refreshToken: z.string().optional(),
  /** Unix seconds. */
  endsAt: z.number(),
  person: z.object({ issuer: z.string(), subject: z.string(), name: z.string().optional() }),
  /** Taken last. */
  role: z.string(),
  /** What we wrote, the latest last. */
  credentials: z.array(CREDENTIAL),
});

/** By the URL of the service, with a slash at its end. */
const FILE = z.object({ version: z.literal(1), sessions: z.record(z.string(), SESSION) });

export type StoredCredential = Readonly<z.infer<typeof CREDENTIAL>>;
export type StoredSession = Readonly<z.infer<typeof SESSION>>;

/** Sessions that can be changed, by who alone may at this moment. Each change is on the disk when the call returns. */
export interface OpenSessions {
  get(url: URL): StoredSession | undefined;
  put(url: URL, session: StoredSession): void;
  remove(url: URL): void;
  /** Where else than at `url` that context was written for. */
  ownerOf(context: string, url: URL): string | undefined;
}

/** The logins of this user on this machine: one for each service. */
export interface Sessions {
  /** By URL. Throws CliError when the file can't be read. */
  all(): ReadonlyMap<string, StoredSession>;
  /** One at a time on this machine, however many processes ask; what they wrote before is seen. */
  exclusively<T>(action: (sessions: OpenSessions) => Promise<T> | T): Promise<T>;
}

export function openSessions({ directory, sessions: file, lock }: Places): Sessions {
  return {
    all: () => read(file),
    async exclusively(action) {
      makePrivateDirectory(directory);
      return locked(lock, async () => action(changeable(file)));
    },
  };
}

function changeable(file: string): OpenSessions {
  const sessions = read(file);
  const write = () => {
    const content = { version: 1, sessions: Object.fromEntries(sessions) };
    writePrivately(file, `${JSON.stringify(content, undefined, 2)}\n`);
  };
  return {
    get: ({ href }) => sessions.get(href),
    put({ href }, session) {
      sessions.set(href, session);
      write();
    },
    remove({ href }) {
      if (sessions.delete(href)) write();
    },
    ownerOf(context, { href }) {
      for (const [other, { credentials }] of sessions) {
        if (other !== href && credentials.some((has) => has.context === context)) return other;
      }
      return undefined;
    },
  };
}

function read(file: string): Map<string, StoredSession> {
  const text = textOf(file);
  if (text === undefined) return new Map();
  try {
    return new Map(Object.entries(FILE.parse(JSON.parse(text)).sessions));
  } catch (cause) {
    // It holds secrets: what is wrong with it is not quoted.
    throw new CliError(
      ExitCode.failed,
      `${file} is not what this nats-sts writes: move it away to sign in anew`,
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
