import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** Where a request comes from, after trusted proxies. Text that such a proxy passes on and that is no address is not taken. */
export function addressOf(request: FastifyRequest): string {
  const { ip } = request;
  return isIP(ip) === 0 ? (request.socket.remoteAddress ?? '') : ip;
}
