import { openAuditReader } from '../audit/reader/sqlite-reader.ts';
import type { Config } from '../config/config.ts';
import type { ConsoleSource } from '../http/console/deps.ts';
import type { SharedState } from '../store/shared-state.ts';
import { followChanges } from './console-changes.ts';

export interface ConsoleParts {
  /** The SQLite file with the audit log of this process; it is there already. */
  readonly auditFile: string;
  readonly state: Pick<SharedState, 'watch'>;
  /** The configuration in force; another object after each reload. */
  readonly config: () => Pick<Config, 'warnings' | 'issuers' | 'roles' | 'bindings' | 'accounts'>;
  /** How often it is looked whether something changed that nobody tells. */
  readonly lookMilliseconds?: number;
}

/** What the console shows beside what administrators can do. Whoever opens it closes it. */
export interface ConsoleView extends Omit<ConsoleSource, 'admin'> {
  close(): void;
}

/** Reads the audit log beside its writer, by a connection of its own. */
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
