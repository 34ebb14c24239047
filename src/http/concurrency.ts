import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { Refusal } from '../errors.ts';
import { sendRefusal } from './errors.ts';

const OVERLOADED = new Refusal('overloaded', 'The service is busy. Ask again in a second.', {
  retryAfterSeconds: 1,
});

/**
 * Bounds the requests in progress; more are told to come back rather than queued without end. Once
 * the app closes, the connections of those still in progress end with their answers: kept open,
 * each would hold up the stop until its caller lets go.
 */
export function limitConcurrency(app: FastifyInstance, max: number): void {
  const inProgress = new Set<ServerResponse>();
  app.addHook('onRequest', (request, reply, done) => {
    const answer = reply.raw;
    inProgress.add(answer);
    answer.once('close', () => {
      inProgress.delete(answer);
    });
    // Health and metrics stay visible under load.
    if (inProgress.size > max && request.method === 'POST') sendRefusal(request, reply, OVERLOADED);
    else done();
  });
  app.addHook('preClose', async () => {
    for (const answer of inProgress) {
      if (!answer.headersSent) answer.setHeader('connection', 'close');
    }
  });
}
