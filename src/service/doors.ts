import type { FastifyInstance } from 'fastify';
import type { SystemConnection } from '../account/system/connection.ts';
import { buildApp } from '../http/app.ts';
import { type AppParts, appOptions, publicUrl, type State } from './app-options.ts';
import { consoleSource } from './console.ts';
import { startCallout } from './callout/start-callout.ts';
import { journalOf } from './journal.ts';
import { startPeople } from './people.ts';

export interface DoorsOptions extends Omit<AppParts, 'people' | 'console'> {
  /** Tells which servers are ours; without it, the URLs do. */
  readonly system?: SystemConnection | undefined;
  /** Collects what must be closed. */
  readonly stack: AsyncDisposableStack;
}

export interface Doors {
  readonly app: FastifyInstance;
  /** Takes no more auth callouts, and answers those that were taken. */
  readonly drainCallout: () => Promise<void>;
}

/** Everything that answers callers: routes, pages and console, which do not listen yet, and auth callouts. */
export async function openDoors(state: State, options: DoorsOptions): Promise<Doors> {
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
  const ofApp = appOptions(state, { ...options, people, console });
  const app = await buildApp(ofApp);
  stack.defer(() => app.close());
  const callout = startCallout({
    resources,
    metrics,
    current: () => state.current,
    exchange: ofApp.exchange,
    limits: ofApp.rateLimits,
    system: options.system,
    onFault: ofApp.onFault,
  });
  if (callout) stack.defer(() => callout.close());
  return { app, drainCallout: async () => callout?.drain() };
}
