import type { Answers, PresentServer } from './ask-servers.ts';

/** Servers of a cluster that starts anew find each other within a second or two. */
const FORGOTTEN_AFTER_MILLISECONDS = 60_000;

interface Remembered extends PresentServer {
  /** Monotonic milliseconds. */
  readonly seenAt: number;
}

/**
 * Which servers are there and don't answer. Present ones name those that they have routes to; a
 * server that was killed vanishes from there at once, one that hangs does not. Where none that could
 * know is left to ask, a server that was there a moment ago counts as silent for a minute: a server
 * that has just started may not have found its peers yet.
 */
export class Roster {
  #remembered = new Map<string, Remembered>();
  #silent: ReadonlyMap<string, string> = new Map();

  /** Ids of those that were silent the last time. */
  get silent(): ReadonlySet<string> {
    return new Set(this.#silent.keys());
  }

  /** Takes note of who answered; answers the silent servers: id → name. `now`: monotonic milliseconds. */
  update({ present, routed }: Pick<Answers<never>, 'present' | 'routed'>, now: number) {
    const silent = new Map([...routed].filter(([id]) => !present.has(id)));
    const remembered = new Map<string, Remembered>();
    for (const [id, server] of this.#remembered) {
      if (present.has(id)) continue;
      if (!routed.has(id) && this.#isGone(server, present, now)) continue;
      silent.set(id, server.name);
      remembered.set(id, server);
    }
    for (const [id, server] of present) remembered.set(id, { ...server, seenAt: now });
    this.#remembered = remembered;
    this.#silent = silent;
    return silent;
  }

  /** For a server that nobody present has a route to. */
  #isGone(server: Remembered, present: ReadonlyMap<string, PresentServer>, now: number): boolean {
    if (now - server.seenAt >= FORGOTTEN_AFTER_MILLISECONDS) return true;
    return [...present.values()]
      .filter(({ cluster }) => cluster === server.cluster)
      .some(({ id, name }) => name === server.name || this.#remembered.has(id));
  }
}
