import type { FastifyInstance } from 'fastify';
import { serveAsset } from '../pages/assets.ts';
import { liftRoute } from './actions/lift.ts';
import { revokeKeyRoute } from './actions/revoke-key.ts';
import { revokeRoutes } from './actions/revoke.ts';
import { rotateRoute } from './actions/rotate.ts';
import { activityRoute } from './activity.ts';
import { credentialsRoute } from './credentials.ts';
import type { ConsoleDoors, ConsoleParts } from './deps.ts';
import { consoleScript, consoleStyle } from './frame.ts';
import { identityRoute } from './identity.ts';
import { eventsRoute } from './live/events-route.ts';
import { sharedAnswers } from './live/shared-answers.ts';
import { overviewRoute } from './overview.ts';
import { revocationsRoute } from './revocations.ts';

export type { ConsoleDoors } from './deps.ts';

/** The operator's console, for those who may administer: what there is to see, to do, and what is new. */
export async function consoleRoutes(app: FastifyInstance, doors: ConsoleDoors): Promise<void> {
  const parts: ConsoleParts = { ...doors, answers: sharedAnswers(doors.console.admin.actions) };
  for (const asset of [consoleScript, consoleStyle]) serveAsset(app, doors, asset);
  overviewRoute(app, parts);
  activityRoute(app, parts);
  credentialsRoute(app, parts);
  identityRoute(app, parts);
  revocationsRoute(app, parts);
  rotateRoute(app, parts);
  revokeKeyRoute(app, parts);
  revokeRoutes(app, parts);
  liftRoute(app, parts);
  await eventsRoute(app, parts);
}
