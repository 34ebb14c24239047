import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** The address a request comes from, after trusted proxies. If a proxy passes on text that is not an address, the proxy's own address counts. */
export function addressOf(request: FastifyRequest): string {
  const ip = withoutPort(request.ip);
  return isIP(ip) === 0 ? (request.socket.remoteAddress ?? '') : ip;
}

/** Some proxies also pass on the caller's port: `192.0.2.7:4711`, `[2001:db8::1]:4711`. */
function withoutPort(address: string): string {
  const [, v4, v6] = /^(?:(\d+(?:\.\d+){3}):\d+|\[([^\]]+)\](?::\d+)?)$/.exec(address) ?? [];
  return v4 ?? v6 ?? address;
}

/**
 * The network that counts as one caller: an IPv4 address, or the first 64 bits of an IPv6 address,
 * since one subscriber has at least 2^64 of those (RFC 6177 §2).
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^(?:::|(?:0+:){5})ffff:(\d+(?:\.\d+){3})$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = address.toLowerCase().split('%', 1).join('').split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  const groups = [...first, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...last];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
