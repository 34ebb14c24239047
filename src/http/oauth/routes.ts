import type { FastifyInstance } from 'fastify';
import type { PeopleDoors } from '../people.ts';
import { deviceRoute } from './device-route.ts';
import { introspectRoute } from './introspect-route.ts';
import { revokeRoute } from './revoke-route.ts';

/** What programs that people sign in for call, besides `/token`: device authorization, revocation, introspection. */
export function oauthRoutes(app: FastifyInstance, doors: PeopleDoors): void {
  deviceRoute(app, doors);
  revokeRoute(app, doors);
  introspectRoute(app, doors);
}
