import type { FastifyInstance } from 'fastify';
import type { PeopleDoors } from '../login/routes.ts';

/** What programs that people sign in for call, besides `/token`: device authorization, revocation, introspection. */
export function oauthRoutes(_app: FastifyInstance, _doors: PeopleDoors): void {}
