import type { FastifyInstance } from 'fastify';
import type { LoginDeps } from '../deps.ts';
import { serveAssets } from '../pages/assets.ts';
import { authorizeRoutes } from './authorize.ts';
import { credentialsRoute } from './credentials.ts';
import { deviceRoutes } from './device.ts';
import { homeRoute } from './home.ts';
import { signInRoutes } from './sign-in.ts';
import { signOutRoutes } from './sign-out.ts';

/** Pages for users: start page, sign-in and sign-out, credentials for programs. */
export function loginRoutes(app: FastifyInstance, deps: LoginDeps): void {
  serveAssets(app, deps);
  homeRoute(app, deps);
  signInRoutes(app, deps);
  signOutRoutes(app, deps);
  credentialsRoute(app, deps);
  authorizeRoutes(app, deps);
  deviceRoutes(app, deps);
}
