import { hash } from 'node:crypto';
import { InvalidArgumentError, Option } from 'commander';

/** The names that the nats command line accepts for a context, without those that are not portable file names. */
export const CONTEXT_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_@:+-]|\.(?!\.)){0,127}$/;

export function contextOption(): Option {
  return new Option(
    '--context <name>',
    'name of the nats context and the creds file (default: the last one, else the role)',
  ).argParser((text: string) => {
    if (CONTEXT_NAME.test(text)) return text;
    throw new InvalidArgumentError('Use letters, digits and . _ @ : + - (at most 128).');
  });
}

/** A stable name for a role at one host. A host may be too long for a name, or contain other characters. */
export function contextAt(role: string, host: string): string {
  const name = `${role}@${host.replace(/[^A-Za-z0-9.-]+/g, '-')}`;
  return CONTEXT_NAME.test(name) ? name : `${role}@${hash('sha256', host).slice(0, 12)}`;
}
