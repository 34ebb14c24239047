import type { FastifyInstance } from 'fastify';
import { buildApp } from '../http/app.ts';
import { type AppParts, appOptions, publicUrl, type State } from './app-options.ts';
import { consoleSource } from './console.ts';
import { journalOf } from './journal.ts';
import { startPeople } from './people.ts';

export interface DoorsOptions extends Omit<AppParts, 'people' | 'console'> {
  /** Collects what must be closed. */
  readonly stack: AsyncDisposableStack;
}

/** Everything that answers callers: routes, pages and console. It does not listen yet. */
export async function openDoors(state: State, options: DoorsOptions): Promise<FastifyInstance> {
  const { resources, metrics, stack } = options;
  const people = await startPeople({
    resources,
    journal: journalOf({ ...resources, metrics }),
    current: () => state.current,
    publicUrl: () => publicUrl(state),
  });
  stack.defer(() => people.close());
  const console = consoleSource({
    auditFile: state.current.config.store.sqliteFile,
    state: resources.state,
    config: () => state.current.config,
  });
  stack.defer(() => console.close());
  const app = await buildApp(appOptions(state, { ...options, people, console }));
  stack.defer(() => app.close());
  return app;
}
