import { askSystem, type SystemAccess } from '../../account/system/ask-system.ts';
import { readGreeting } from '../../connection/greeting.ts';

/** Which servers may ask: each has a new id with every start. */
export interface KnownServers {
  /** Whether it is one of ours; asks around first if nobody knows it. */
  has(id: string): boolean | Promise<boolean>;
}

/** So often strangers' ids can make us ask. */
const PAUSE_MILLISECONDS = 250;

/** `ask` answers the ids of all servers; what it throws counts as an answer without any. */
export function knownServers(
  ask: () => Promise<Iterable<string>>,
  monotonic: () => number,
): KnownServers {
  let known: ReadonlySet<string> = new Set();
  let asking: Promise<void> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;

  const refresh = (): Promise<void> => {
    askedAt = monotonic();
    asking ??= ask()
      .then((ids) => void (known = new Set(ids)))
      .catch(() => undefined)
      .finally(() => void (asking = undefined));
    return asking;
  };
  return {
    has(id) {
      if (known.has(id)) return true;
      if (asking) return asking.then(() => known.has(id));
      if (monotonic() - askedAt < PAUSE_MILLISECONDS) return false;
      return refresh().then(() => known.has(id));
    },
  };
}

const GREETING_MILLISECONDS = 500;

/**
 * The servers that the system account knows; without it, those that the URLs lead to, and those that
 * they name as their peers.
 */
export function askForServers(
  system: SystemAccess | undefined,
  urls: readonly string[],
): () => Promise<Iterable<string>> {
  return async () => {
    if (system && typeof system.current() !== 'string') {
      const { present, routed } = await askSystem(system, {});
      return [...present.keys(), ...routed.keys()];
    }
    return greeted(urls);
  };
}

async function greeted(urls: readonly string[]): Promise<Iterable<string>> {
  const first = await Promise.all(urls.map(greet));
  const peers = first.flatMap((greeting) => greeting?.connect_urls ?? []);
  const others = await Promise.all([...new Set(peers)].map((peer) => greet(`nats://${peer}`)));
  return [...first, ...others].flatMap((greeting) => greeting?.server_id ?? []);
}

/** Of a TLS server, the greeting comes before the handshake, which then proves who sent it. */
async function greet(url: string) {
  return readGreeting(url, GREETING_MILLISECONDS).catch(() => undefined);
}
