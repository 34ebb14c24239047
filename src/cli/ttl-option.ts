import { InvalidArgumentError, Option } from 'commander';
import { duration, durationText } from '../config/schema/scalars.ts';
import { harmless, type Terminal } from './terminal.ts';

/** `--ttl TIME`, in seconds. */
export function ttlOption(): Option {
  return new Option(
    '--ttl <time>',
    "wanted lifetime, e.g. 5m or 300 (seconds); the role's maximum still holds, and stderr says so",
  ).argParser(lifetime);
}

/** Seconds. */
export function lifetime(text: string): number {
  const read = duration('Length of time').safeParse(/^\d+$/.test(text) ? `${text}s` : text);
  if (read.success) return read.data;
  throw new InvalidArgumentError('Write a length of time such as 5m, 1h30m or 300 (seconds).');
}

/** What the service answered, as far as it decides how long a credential lives. */
interface Lived {
  readonly role: string;
  readonly expires_in: number;
  /** Of a credential that ends sooner than asked; an older service says nothing. */
  readonly ttl_capped_by?: unknown;
}

/** One line on stderr when a credential ends sooner than was asked. */
export function tellIfShorter(
  terminal: Terminal,
  askedSeconds: number | undefined,
  { role, expires_in, ttl_capped_by }: Lived,
): void {
  if (askedSeconds === undefined || expires_in >= askedSeconds) return;
  const limit = ttl_capped_by === 'token' ? 'the token ends then' : `role ${role} allows no more`;
  terminal.err(
    harmless(
      `nats-sts: asked for ${durationText(askedSeconds)}, got ${durationText(expires_in)}: ${limit}`,
    ) + '\n',
  );
}
