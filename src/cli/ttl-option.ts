import { InvalidArgumentError, Option } from 'commander';
import { duration } from '../config/schema/scalars.ts';

/** `--ttl TIME`, in seconds. */
export function ttlOption(): Option {
  return new Option(
    '--ttl <time>',
    "wanted lifetime, e.g. 5m or 300 (seconds); the role's maximum still holds",
  ).argParser(lifetime);
}

function lifetime(text: string): number {
  const read = duration('Wanted lifetime').safeParse(/^\d+$/.test(text) ? `${text}s` : text);
  if (read.success) return read.data;
  throw new InvalidArgumentError('Write a length of time such as 5m, 1h30m or 300 (seconds).');
}
