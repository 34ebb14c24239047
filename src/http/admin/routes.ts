import type { FastifyInstance } from 'fastify';
import type { AdminDoors } from './call.ts';
import { credentialsRoute } from './credentials-route.ts';
import { keysRoutes } from './keys-routes.ts';
import { revocationsRoutes } from './revocations-routes.ts';

/** Everything below `/admin`, for callers whose token matches an `admin` rule. */
export function adminRoutes(app: FastifyInstance, doors: AdminDoors): void {
  keysRoutes(app, doors);
  revocationsRoutes(app, doors);
  credentialsRoute(app, doors);
}
