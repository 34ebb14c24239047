import type { FastifyInstance } from 'fastify';
import { Refusal } from '../errors.ts';
import { sendRefusal } from './errors.ts';

const OVERLOADED = new Refusal('overloaded', 'The service is busy. Ask again in a second.', {
  retryAfterSeconds: 1,
});

/** Bounds the requests in progress; more are told to come back rather than queued without end. */
export function limitConcurrency(app: FastifyInstance, max: number): void {
  let inProgress = 0;
  app.addHook('onRequest', async (request, reply) => {
    inProgress += 1;
    reply.raw.once('close', () => {
      inProgress -= 1;
    });
    // Health and metrics stay visible under load.
    if (inProgress > max && request.method === 'POST')
      return sendRefusal(request, reply, OVERLOADED);
  });
}
