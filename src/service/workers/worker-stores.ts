import { ResolverUnreachable } from '../../account/resolver.ts';
import type { Session, Sessions } from '../../account/system/sessions.ts';
import { openIpcLog } from '../../audit/sinks/ipc.ts';
import { openIpcLedger } from '../../revocation/ipc-ledger.ts';
import { type Channel, RemoteFault } from '../../store/ipc/channel.ts';
import { readPortions } from '../../store/ipc/portions.ts';
import { openIpcSingleUse } from '../../store/ipc/single-use.ts';
import { openIpcState } from '../../store/ipc/state.ts';
import type { JoinedStores } from '../resources.ts';
import { orSingleUseUnavailable } from '../stores.ts';
import type { PrimaryAnswers } from './calls.ts';

/** The stores of the primary process, in a worker. */
export async function openWorkerStores(
  channel: Channel<PrimaryAnswers>,
  stack: AsyncDisposableStack,
): Promise<JoinedStores> {
  const audit = openIpcLog(channel);
  stack.defer(() => audit.close());
  const state = await openIpcState(channel);
  stack.defer(() => state.close());
  return {
    state,
    audit,
    ledger: openIpcLedger(channel),
    singleUse: orSingleUseUnavailable(openIpcSingleUse(channel)),
  };
}

/** The connections that the primary process sees over the system account. */
export function workerSessions(channel: Channel<PrimaryAnswers>): Pick<Sessions, 'of'> {
  return {
    async *of(account) {
      try {
        yield* readPortions<Session>(channel, () => channel.call('sessions', account));
      } catch (cause) {
        const isUnreachable =
          cause instanceof RemoteFault && cause.kind === ResolverUnreachable.name;
        throw isUnreachable ? new ResolverUnreachable(cause.message, { cause }) : cause;
      }
    },
  };
}
