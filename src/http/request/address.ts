import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** The address a request comes from, after trusted proxies. If a proxy passes on text that is not an address, the proxy's own address counts. */
export function addressOf(request: FastifyRequest): string {
  const { ip: given } = request;
  if (given === request.socket.remoteAddress) return given;
  const ip = withoutPort(given);
  return isIP(ip) === 0 ? (request.socket.remoteAddress ?? '') : ip;
}

/** Some proxies also pass on the caller's port: `192.0.2.7:4711`, `[2001:db8::1]:4711`. */
function withoutPort(address: string): string {
  const [, v4, v6] = /^(?:(\d+(?:\.\d+){3}):\d+|\[([^\]]+)\](?::\d+)?)$/.exec(address) ?? [];
  return v4 ?? v6 ?? address;
}
