import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { AccountAnswer, KeyAnswer } from '../../src/admin-api/keys.ts';

/** Unix seconds. */
export const NOW = Date.UTC(2026, 10, 2, 9, 0, 0) / 1000;
export const HOUR = 3600;
export const DAY = 24 * HOUR;

/** A public key with these first letters. */
export function publicKey(begin: string): string {
  return begin.padEnd(52, 'Q') + begin.slice(-4).padStart(4, 'Z');
}

export function adminKey(key: Partial<KeyAnswer> & Pick<KeyAnswer, 'state'>): KeyAnswer {
  return {
    public_key: publicKey(`A${key.state.toUpperCase()}`),
    slot: '*',
    role: null,
    reason: 'schedule',
    staged_at: NOW - 10 * DAY,
    active_at: null,
    draining_at: null,
    retired_at: null,
    retires_at: null,
    listed: true,
    waits_for: [],
    may_sign_at: null,
    lifetime_seconds: 900,
    credentials_alive: 0,
    sessions: null,
    ...key,
  };
}

export function adminAccount(account: Partial<AccountAnswer> = {}): AccountAnswer {
  return {
    account: 'APP',
    public_key: publicKey('AAPP'),
    kind: 'managed',
    next_rotation_at: NOW + 4 * DAY,
    obstacle: null,
    keys: [],
    spare_keys: null,
    slots: [],
    ...account,
  };
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** What a route answers: a status and JSON. */
export type Route = (asked: Asked) => readonly [status: number, body?: object];

/**
 * A service with the admin routes, answering as the routes that it is given do (`POST /admin/keys/rotate`);
 * keeps what it was asked.
 */
export async function startAdminService(routes: Readonly<Record<string, Route>>) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => void answer(request, response));
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '' } = request;
    const sent = await text(request);
    const body: unknown = sent === '' ? undefined : JSON.parse(sent);
    const now = { method, path, authorization: request.headers.authorization, body };
    asked.push(now);
    const [status, said] = routes[`${method} ${path}`]?.(now) ?? [404, NOT_FOUND];
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(said && JSON.stringify(said));
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    asked,
    /** Only the requests that change something. */
    changes: () => asked.filter(({ method }) => method !== 'GET'),
    /** The options for this service. */
    at: ['--url', url, '--token', 'the.admins.token'],
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const NOT_FOUND = { code: 'not_found', detail: 'There is nothing here.', status: 404 };
