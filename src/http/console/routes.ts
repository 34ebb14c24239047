import type { FastifyInstance } from 'fastify';
import { serveAsset } from '../pages/assets.ts';
import { liftRoute } from './actions/lift.ts';
import { revokeKeyRoute } from './actions/revoke-key.ts';
import { revokeRoutes } from './actions/revoke.ts';
import { rotateRoute } from './actions/rotate.ts';
import { activityRoute } from './activity.ts';
import { credentialsRoute } from './credentials.ts';
import type { ConsoleDeps, ConsolePageDeps } from './deps.ts';
import { consoleScript, consoleStyle } from './frame.ts';
import { identityRoute } from './identity.ts';
import { eventsRoute } from './live/events-route.ts';
import { sharedAnswers } from './live/shared-answers.ts';
import { overviewRoute } from './overview.ts';
import { revocationsRoute } from './revocations.ts';

export type { ConsoleDeps } from './deps.ts';

/** The operator's console, for administrators: pages, actions, and live updates. */
export function consoleRoutes(app: FastifyInstance, deps: ConsoleDeps): void {
  const pageDeps: ConsolePageDeps = { ...deps, answers: sharedAnswers(deps.console.admin.actions) };
  for (const asset of [consoleScript, consoleStyle]) serveAsset(app, deps, asset);
  overviewRoute(app, pageDeps);
  activityRoute(app, pageDeps);
  credentialsRoute(app, pageDeps);
  identityRoute(app, pageDeps);
  revocationsRoute(app, pageDeps);
  rotateRoute(app, pageDeps);
  revokeKeyRoute(app, pageDeps);
  revokeRoutes(app, pageDeps);
  liftRoute(app, pageDeps);
  eventsRoute(app, pageDeps);
}
