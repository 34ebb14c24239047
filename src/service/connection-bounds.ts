import { readFileSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import type { ConnectionBounds } from '../http/limits/connection-shares.ts';
import type { Log } from '../log.ts';

/** Open files reserved for everything but callers' connections: the store, the log, NATS, issuers. */
const RESERVED = 128;

/** How many files, including sockets, this process may have open; undefined if the system does not say. */
function openFilesLimit(): number | undefined {
  try {
    const text = readFileSync('/proc/self/limits', 'utf8');
    const [, soft] = /^Max open files\s+(\d+)/m.exec(text) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

/**
 * How many connections callers may have. Most are idle ones that callers keep open; a quarter of them is
 * enough for one network. If the open file limit is too low, there are fewer connections, so that the store
 * and the log do not starve, and a warning is logged.
 */
export function connectionBounds(
  { limits, listen }: Pick<Config, 'limits' | 'listen'>,
  log: Log,
  openFiles = openFilesLimit(),
): ConnectionBounds {
  const wanted = limits.concurrentRequests * 10;
  const room = Math.max((openFiles ?? Infinity) - RESERVED, Math.floor((openFiles ?? 0) / 2), 1);
  const total = Math.min(wanted, room);
  if (total < wanted) {
    log.warn(
      { openFiles, wanted, connections: total },
      'the open file limit is too low for limits.concurrency; raise it (ulimit -n, LimitNOFILE=)',
    );
  }
  const behindProxy = listen.behindProxy !== undefined;
  return { total, perNetwork: behindProxy ? undefined : Math.max(32, Math.floor(total / 4)) };
}
