import { hash } from 'node:crypto';
import { InvalidArgumentError, Option } from 'commander';

/** What the nats command line takes for a context's name, less what would not be a plain file name everywhere. */
export const CONTEXT_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_@:+-]|\.(?!\.)){0,127}$/;

export function contextOption(): Option {
  return new Option(
    '--context <name>',
    'name of the nats context and the creds file (default: as last time, else the role)',
  ).argParser((text: string) => {
    if (CONTEXT_NAME.test(text)) return text;
    throw new InvalidArgumentError('Write letters, digits and . _ @ : + - (128 at most).');
  });
}

/** A name for a role at one host, always the same: a host may be longer than a name, or hold what a name does not. */
export function contextAt(role: string, host: string): string {
  const name = `${role}@${host.replace(/[^A-Za-z0-9.-]+/g, '-')}`;
  return CONTEXT_NAME.test(name) ? name : `${role}@${hash('sha256', host).slice(0, 12)}`;
}
