import { createInbox } from '@nats-io/transport-node';
import { INBOX_PREFIX, kick } from '../../account/system/permissions.ts';
import type { SystemAccess } from '../../account/system/ask-system.ts';
import type { Config } from '../../config/config.ts';
import { applies } from '../../revocation/match.ts';
import {
  parseRevocation,
  REVOCATION_PREFIX,
  type Revocation,
} from '../../revocation/revocation.ts';
import { filterOf } from '../../revocation/revoker.ts';
import type { Resources } from '../resources.ts';

export interface DisconnectOptions {
  readonly resources: Pick<Resources, 'state' | 'ledger' | 'log'>;
  readonly system: SystemAccess;
  readonly current: () => { readonly config: Config };
}

/** A connection may be let in a moment after its revocation: it is looked for again. */
const AGAIN_MILLISECONDS = [300, 1000];

/**
 * Disconnects clients of the auth callout whose access is revoked, where nats-sts does not write the
 * account JWT: the servers close the connection (KICK), and the callout refuses when it comes back.
 * Call the result to stop.
 */
export async function disconnectRevoked(options: DisconnectOptions): Promise<() => void> {
  const { state, log } = options.resources;
  const timers = new Set<NodeJS.Timeout>();
  const disconnect = (revocation: Revocation): void => {
    kickAll(options, revocation).catch((fault: unknown) =>
      log.error({ why: String(fault) }, 'cannot disconnect clients whose access was revoked'),
    );
  };
  let following = false;
  const unwatch = await state.watch(REVOCATION_PREFIX, ({ value }) => {
    if (!following || value === undefined) return;
    let revocation: Revocation;
    try {
      revocation = parseRevocation(value);
    } catch {
      // Reported by those who refuse by it.
      return;
    }
    disconnect(revocation);
    for (const delay of AGAIN_MILLISECONDS) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        disconnect(revocation);
      }, delay);
      timers.add(timer);
    }
  });
  following = true;
  return () => {
    unwatch();
    for (const timer of timers) clearTimeout(timer);
  };
}

async function kickAll(
  { resources: { ledger, log }, system, current }: DisconnectOptions,
  revocation: Revocation,
): Promise<void> {
  // No account JWT of ours revokes the users of these.
  const others = current().config.accounts.filter(({ kind }) => kind !== 'managed');
  const ours = new Set(others.map(({ name }) => name));
  let count = 0;
  for await (const credential of ledger.alive(filterOf(revocation.target))) {
    const { connection, account } = credential;
    if (!connection || !ours.has(account) || !applies(revocation, credential)) continue;
    const nats = system.current();
    if (typeof nats === 'string') throw new Error(nats);
    // Servers ignore a request without a reply subject; the reply itself says nothing new.
    const reply = createInbox(INBOX_PREFIX);
    nats.publish(kick(connection.server), JSON.stringify({ cid: connection.id }), { reply });
    count += 1;
  }
  if (count > 0)
    log.info({ revocation: revocation.id, count }, 'servers asked to close connections');
}
