import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** Where a request comes from, after trusted proxies. Text that such a proxy passes on and that is no address is not taken. */
export function addressOf(request: FastifyRequest): string {
  const { ip } = request;
  return isIP(ip) === 0 ? (request.socket.remoteAddress ?? '') : ip;
}

/**
 * What one party has of addresses, for counting: an IPv4 address, or the first 64 bits of an IPv6
 * one, since whoever has one of those has 2^64 (RFC 6177 §2).
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
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
