import type { FastifyInstance } from 'fastify';
import { serveAssets } from '../pages/assets.ts';
import type { PeopleDoors } from '../people.ts';

export type { PeopleDoors } from '../people.ts';

/** Pages for people: who am I, which roles, sign in and out, hand a credential to a program. */
export function loginRoutes(app: FastifyInstance, doors: PeopleDoors): void {
  serveAssets(app, doors);
}
