import type { FastifyInstance } from 'fastify';
import type { PeopleDoors } from '../deps.ts';
import { serveAssets } from '../pages/assets.ts';
import { authorizeRoutes } from './authorize.ts';
import { credentialsRoute } from './credentials.ts';
import { deviceRoutes } from './device.ts';
import { homeRoute } from './home.ts';
import { signInRoutes } from './sign-in.ts';
import { signOutRoutes } from './sign-out.ts';

/** Pages for people: who am I, which roles, sign in and out, hand a credential to a program. */
export function loginRoutes(app: FastifyInstance, doors: PeopleDoors): void {
  serveAssets(app, doors);
  homeRoute(app, doors);
  signInRoutes(app, doors);
  signOutRoutes(app, doors);
  credentialsRoute(app, doors);
  authorizeRoutes(app, doors);
  deviceRoutes(app, doors);
}
