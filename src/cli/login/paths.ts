import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where on this machine what belongs to a login is saved. */
export interface Paths {
  /** Ours. */
  readonly directory: string;
  readonly sessions: string;
  readonly lock: string;
  /** The creds file of a context. */
  creds(context: string): string;
  /** The nats command line's. */
  readonly natsDirectory: string;
  readonly contextDirectory: string;
  context(name: string): string;
  /** Hold the name of the context that is selected, and of the one that was before. */
  readonly selected: string;
  readonly previous: string;
}

/** Below `$XDG_CONFIG_HOME`, else `~/.config`, on every system: that is where the nats command line looks. */
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
