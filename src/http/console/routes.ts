import type { FastifyInstance } from 'fastify';
import type { PeopleDoors } from '../login/routes.ts';
import type { ConsoleSource } from './source.ts';

/** What the console is given. */
export interface ConsoleDoors extends PeopleDoors {
  readonly console: ConsoleSource;
}

/** The operator's console, for those who may administer. */
export async function consoleRoutes(_app: FastifyInstance, _doors: ConsoleDoors): Promise<void> {}
