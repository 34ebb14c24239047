import { BlockList, isIP } from 'node:net';
import { Refusal } from '../errors.ts';
import type { RoleSpec } from './policy.ts';

type ConnectionType = NonNullable<RoleSpec['connectionTypes']>[number];

/** The connection that a credential is for, where it is known beforehand: in auth callouts. */
export interface IntendedConnection {
  /** The kinds that it may be; the server tells no more. */
  readonly types: readonly ConnectionType[];
  /** IP address of the client. */
  readonly host: string;
}

export const CALLOUT_ONLY = new Refusal(
  'callout_only',
  'Users of this account exist only in auth callouts: connect to NATS with the token itself.',
);

/**
 * Why a role may not be used on this connection, or undefined. Servers check sources and connection
 * types of ordinary users; for users of an auth callout, only new ones do (2.15.2, 2.15.3).
 */
export function connectionRefusal(
  role: RoleSpec,
  { types, host }: IntendedConnection,
  nowMilliseconds: number,
): Refusal | undefined {
  const { connectionTypes, sources, times, timezone } = role;
  if (connectionTypes && !types.some((type) => connectionTypes.includes(type))) {
    return new Refusal(
      'connection_type_not_allowed',
      `Role "${role.name}" may not be used on this kind of connection.`,
      {
        detail: `the connection is ${types.join(' or ') || 'of an unknown type'}, the role has connectionTypes ${connectionTypes.join(', ')}`,
      },
    );
  }
  if (sources && !isWithin(host, sources)) {
    return new Refusal(
      'source_not_allowed',
      `Role "${role.name}" may not be used from this address.`,
      { detail: `the client's address is not in sources (${sources.join(', ')})` },
    );
  }
  if (times && !isOpen(times, timezone, nowMilliseconds)) {
    return new Refusal(
      'time_not_allowed',
      `Role "${role.name}" may not be used at this time of day.`,
      {
        detail: `times are ${times.map(({ start, end }) => `${start}–${end}`).join(', ')} ${timezone ?? 'UTC'}`,
      },
    );
  }
  return undefined;
}

/** Whether an IP address is in one of the CIDR networks. A text that is no address is in none. */
function isWithin(host: string, networks: readonly string[]): boolean {
  const family = isIP(host);
  if (family === 0) return false;
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const type = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    list.addSubnet(address, bits === undefined ? (type === 'ipv4' ? 32 : 128) : Number(bits), type);
  }
  // An IPv4 address in its IPv6 form is in IPv4 networks, too.
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** Servers take a range that ends before it begins for one over midnight. */
function isOpen(
  times: NonNullable<RoleSpec['times']>,
  timezone: string | undefined,
  nowMilliseconds: number,
): boolean {
  const now = timeOfDay(nowMilliseconds, timezone ?? 'UTC');
  return times.some(({ start, end }) =>
    start <= end ? start <= now && now < end : now >= start || now < end,
  );
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** `HH:MM:SS` */
function timeOfDay(milliseconds: number, timeZone: string): string {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium', hourCycle: 'h23' });
  formats.set(timeZone, format);
  return format.format(milliseconds);
}
