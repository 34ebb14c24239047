import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { networkOf } from './address.ts';
import { announceEnd } from './draining.ts';

/** Node reads requests that a client pipelines by the thousand; no client of ours sends more than a few ahead. */
const MAX_UNANSWERED = 32;

export interface ConnectionBounds {
  readonly total: number;
  /** Of one IPv4 address or IPv6 network; absent behind a proxy, whose connections are everyone's. */
  readonly perNetwork: number | undefined;
}

/** No one party can take all the connections that there are. */
function boundNetworks(app: FastifyInstance, max: number): void {
  const open = new Map<string, number>();
  app.server.on('connection', (socket: Socket) => {
    const network = networkOf(socket.remoteAddress ?? '');
    const count = (open.get(network) ?? 0) + 1;
    open.set(network, count);
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left > 0) open.set(network, left);
      else open.delete(network);
    });
    if (count > max) socket.destroy();
  });
}

/**
 * Bounds what strangers' connections can hold: how many there are, and how many requests one of
 * them may send ahead of its answers. One that sends more is cut off.
 */
export function boundConnections(app: FastifyInstance, bounds: ConnectionBounds): void {
  app.server.maxConnections = bounds.total;
  if (bounds.perNetwork !== undefined) boundNetworks(app, bounds.perNetwork);
  const unanswered = new Map<Socket, Set<ServerResponse>>();
  const answersOf = (socket: Socket): Set<ServerResponse> => {
    const known = unanswered.get(socket);
    if (known) return known;
    const answers = new Set<ServerResponse>();
    unanswered.set(socket, answers);
    socket.once('close', () => unanswered.delete(socket));
    return answers;
  };
  app.addHook('onRequest', ({ raw: { socket } }, { raw: answer }, done) => {
    const answers = answersOf(socket);
    answers.add(answer);
    answer.once('close', () => answers.delete(answer));
    if (answers.size > MAX_UNANSWERED) socket.destroy();
    else done();
  });
  announceEnd(app, unanswered);
}
