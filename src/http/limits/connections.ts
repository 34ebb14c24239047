import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type ConnectionBounds, connectionOf, shareConnections } from './connection-shares.ts';
import { announceEnd } from '../draining.ts';

/** Node reads pipelined requests by the thousand; no legitimate client sends more than a few ahead. */
const MAX_UNANSWERED = 32;

/**
 * Limits the connections of strangers: their number, and how many requests one connection may send
 * ahead of its answers. A connection that sends more is closed.
 */
export function boundConnections(app: FastifyInstance, bounds: ConnectionBounds): void {
  const unanswered = new Map<string, Set<ServerResponse>>();
  /** The same sets, found without making the text. */
  const bySocket = new WeakMap<Socket, Set<ServerResponse>>();
  const answersOf = (socket: Socket): Set<ServerResponse> => {
    const known = bySocket.get(socket);
    if (known) return known;
    const answers = new Set<ServerResponse>();
    const connection = connectionOf(socket);
    bySocket.set(socket, answers);
    unanswered.set(connection, answers);
    socket.once('close', () => unanswered.delete(connection));
    return answers;
  };
  function forget(this: ServerResponse): void {
    bySocket.get(this.req.socket)?.delete(this);
  }
  app.addHook('onRequest', ({ raw: { socket } }, { raw: answer }, done) => {
    const answers = answersOf(socket);
    answers.add(answer);
    answer.on('close', forget);
    if (answers.size <= MAX_UNANSWERED) return done();
    bounds.dropped?.('ahead');
    socket.destroy();
  });
  shareConnections(app, bounds, unanswered);
  announceEnd(app, unanswered);
}
