import { openAuditReader } from '../audit/reader/sqlite-reader.ts';
import type { Config } from '../config/config.ts';
import type { ConsoleSource } from '../http/console/deps.ts';
import type { SharedState } from '../store/shared-state.ts';
import { followChanges } from './console-changes.ts';

export interface ConsoleParts {
  /** The existing SQLite file with the audit log of this process. */
  readonly auditFile: string;
  readonly state: Pick<SharedState, 'watch'>;
  /** The configuration in force; returns another object after each reload. */
  readonly config: () => Pick<Config, 'warnings' | 'issuers' | 'roles' | 'bindings' | 'accounts'>;
  /** How often to poll for changes. */
  readonly lookMilliseconds?: number;
}

/** The data of the console, without the actions of administrators. The caller that opens it must close it. */
export interface ConsoleView extends Omit<ConsoleSource, 'admin'> {
  close(): void;
}

/** Reads the audit log on its own connection, while the writer runs. */
export function consoleSource({
  auditFile,
  state,
  config,
  lookMilliseconds,
}: ConsoleParts): ConsoleView {
  const reader = openAuditReader(auditFile);
  const changes = followChanges({
    state,
    newestRecord: () => reader.newest(),
    config,
    ...(lookMilliseconds !== undefined && { lookMilliseconds }),
  });
  return {
    activity: ({ before, after, limit, ...filter }) => {
      const { events, older, newer } = reader.page({
        filter,
        limit,
        ...(before !== undefined && { before }),
        ...(after !== undefined && { after }),
      });
      return { events, next: older, newer };
    },
    warnings: () => config().warnings,
    names: () => {
      const { issuers, roles, bindings, accounts } = config();
      return {
        issuers: namesOf(issuers),
        roles: namesOf(roles),
        bindings: namesOf(bindings),
        accounts: namesOf(accounts),
      };
    },
    follow: (listener) => changes.follow(listener),
    close: () => {
      changes.close();
      reader.close();
    },
  };
}

function namesOf(all: readonly { readonly name: string }[]): string[] {
  return all.map(({ name }) => name);
}
