import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Drop } from '../limits/connection-shares.ts';
import { NO_SNIFFING } from './error-handler.ts';

const BROKEN: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};
const TIMEOUTS: ReadonlySet<string> = new Set([
  'ERR_HTTP_REQUEST_TIMEOUT',
  'ERR_TLS_HANDSHAKE_TIMEOUT',
]);

/** Bytes that are not HTTP never reach a route; they still get problem details. */
export function answerBrokenRequest(dropped: (why: Drop) => void = () => {}) {
  return ({ code = '' }: NodeJS.ErrnoException, socket: Socket): void => {
    if (TIMEOUTS.has(code)) dropped('timeout');
    // If TLS failed, an answer would wait for a handshake that never comes.
    const isHttp = /^(?:HPE|ERR_HTTP)_/.test(code);
    if (isHttp && socket.writable) sendBroken(code, socket);
    else socket.destroy();
  };
}

function sendBroken(code: string, socket: Socket): void {
  const [status, title] = BROKEN[code] ?? [400, 'Bad Request'];
  const body = JSON.stringify({
    type: 'urn:nats-sts:error:invalid_request',
    title,
    status,
    detail: 'The request is not valid HTTP, or it exceeds the limits of this service.',
    code: 'invalid_request',
    reason: 'request_malformed',
    request_id: randomUUID(),
  });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\n` +
      `Cache-Control: no-store\r\n${NO_SNIFFING.join(': ')}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  // A caller that keeps its side open does not keep the connection open.
  socket.destroySoon();
}
