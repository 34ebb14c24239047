import { InvalidArgumentError, Option } from 'commander';
import { duration, durationText } from '../config/schema/scalars.ts';
import { harmless, type Terminal } from './terminal.ts';

/** `--ttl TIME`, in seconds. */
export function ttlOption(): Option {
  return new Option(
    '--ttl <time>',
    'requested lifetime, e.g. 5m or 300 (seconds); if the role allows less, you get less and a warning',
  ).argParser(lifetime);
}

/** Seconds. */
export function lifetime(text: string): number {
  const read = duration('Duration').safeParse(/^\d+$/.test(text) ? `${text}s` : text);
  if (read.success) return read.data;
  throw new InvalidArgumentError('Write a duration such as 5m, 1h30m or 300 (seconds).');
}

/** The part of an answer that says how long the credential lives. */
interface Lived {
  readonly role: string;
  readonly expires_in: number;
  /** Which limit shortened the credential; older services do not send it. */
  readonly ttl_capped_by?: unknown;
}

/** Warns on stderr if a credential ends sooner than requested. */
export function tellIfShorter(
  terminal: Terminal,
  askedSeconds: number | undefined,
  { role, expires_in, ttl_capped_by }: Lived,
): void {
  if (askedSeconds === undefined || expires_in >= askedSeconds) return;
  const limit =
    ttl_capped_by === 'token' ? 'the token expires then' : `role ${role} allows no more`;
  terminal.err(
    harmless(
      `nats-sts: requested ${durationText(askedSeconds)}, got ${durationText(expires_in)}: ${limit}`,
    ) + '\n',
  );
}
