import type { FastifyInstance } from 'fastify';
import type { AdminDoors } from './call.ts';
import { credentialsRoute } from './credentials-route.ts';
import { keysRoute } from './keys-route.ts';
import { revocationsRoutes } from './revocations-routes.ts';
import { revokeKeyRoute } from './revoke-key-route.ts';
import { rotateRoute } from './rotate-route.ts';

/** Everything below `/admin`: for bearers of a token that an `admin` rule matches. */
export function adminRoutes(app: FastifyInstance, doors: AdminDoors): void {
  keysRoute(app, doors);
  rotateRoute(app, doors);
  revokeKeyRoute(app, doors);
  revocationsRoutes(app, doors);
  credentialsRoute(app, doors);
}
