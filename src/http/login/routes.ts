import type { FastifyInstance } from 'fastify';
import type { Doors } from '../doors.ts';
import type { People } from '../people.ts';

/** What the pages for people are given. */
export interface PeopleDoors extends Doors {
  readonly people: People;
}

/** Pages for people: who am I, which roles, sign in and out, hand a credential to a program. */
export function loginRoutes(_app: FastifyInstance, _doors: PeopleDoors): void {}
