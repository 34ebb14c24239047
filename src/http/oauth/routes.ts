import type { FastifyInstance } from 'fastify';
import type { LoginDeps } from '../deps.ts';
import { deviceRoute } from './device-route.ts';
import { introspectRoute } from './introspect-route.ts';
import { revokeRoute } from './revoke-route.ts';
import { tokenRoute } from './token-route.ts';

/** `/token`, and for programs that people sign in to: device authorization, revocation, introspection. */
export function oauthRoutes(app: FastifyInstance, deps: LoginDeps): void {
  tokenRoute(app, deps);
  deviceRoute(app, deps);
  revokeRoute(app, deps);
  introspectRoute(app, deps);
}
