import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where a login's files are on this machine. */
export interface Paths {
  /** The directory of nats-sts. */
  readonly directory: string;
  readonly sessions: string;
  readonly lock: string;
  /** The creds file of a context. */
  creds(context: string): string;
  /** The directory of the nats command line. */
  readonly natsDirectory: string;
  readonly contextDirectory: string;
  context(name: string): string;
  /** These files contain the name of the selected context, and of the one before. */
  readonly selected: string;
  readonly previous: string;
}

/** Below `$XDG_CONFIG_HOME`, else `~/.config`, on every system, as the nats command line does. */
export function paths(env: NodeJS.ProcessEnv): Paths {
  const home = resolve(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'));
  const directory = join(home, 'nats-sts');
  const natsDirectory = join(home, 'nats');
  const contextDirectory = join(natsDirectory, 'context');
  return {
    directory,
    sessions: join(directory, 'sessions.json'),
    lock: join(directory, 'sessions.lock'),
    creds: (context) => join(directory, `${context}.creds`),
    natsDirectory,
    contextDirectory,
    context: (name) => join(contextDirectory, `${name}.json`),
    selected: join(natsDirectory, 'context.txt'),
    previous: join(natsDirectory, 'previous-context.txt'),
  };
}
