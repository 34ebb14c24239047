import { Refusal } from '../errors.ts';
import type { SharedState, StateChange } from '../store/shared-state.ts';
import type { Revocable } from './match.ts';
import {
  kindOf,
  parseRevocation,
  REVOCATION_PREFIX,
  type Revocation,
  type RevocationKind,
} from './revocation.ts';
import { indexRevocations, type RevocationIndex } from './revocation-index.ts';

/** The revocations in force, as this process knows them: as fresh as the store that it follows. */
export interface Revocations {
  /** Why nothing may be issued, or undefined. Synchronous; its cost does not grow with their number. */
  refusal(revocable: Revocable): Refusal | undefined;
  /** All of them; changes under the caller's hands. */
  readonly index: Pick<RevocationIndex, 'byId' | 'findAll'>;
  /** How many revocations anyone created since the following began. */
  readonly made: Readonly<Record<RevocationKind, number>>;
  /** Ends the following; what was known stays in force. */
  close(): void;
}

/** For callers without a store. */
export const NO_REVOCATIONS: Pick<Revocations, 'refusal'> = { refusal: () => undefined };

/**
 * Follows the revocations in the store. Resolves once all that are there are in force.
 *
 * @throws an error when one of them can't be read: nothing must be issued past a revocation that
 * it does not understand. A later one goes to `onUnreadable` instead.
 */
export async function followRevocations({
  state,
  onChange,
  onUnreadable,
}: {
  readonly state: Pick<SharedState, 'watch'>;
  /** After each change; the rotator then looks for users to disconnect. */
  readonly onChange?: () => void;
  readonly onUnreadable?: (key: string, fault: unknown) => void;
}): Promise<Revocations> {
  const index = indexRevocations();
  const unreadable: unknown[] = [];
  const made = { identity: 0, nkey: 0, role: 0, binding: 0 };
  let following = false;
  const take = ({ key, value }: StateChange): void => {
    if (value === undefined) return index.remove(key.slice(REVOCATION_PREFIX.length));
    try {
      const revocation = parseRevocation(value);
      if (following && !index.byId.has(revocation.id)) made[kindOf(revocation.target)] += 1;
      index.put(revocation);
    } catch (fault) {
      if (following) onUnreadable?.(key, fault);
      else unreadable.push(new Error(`cannot read ${key}`, { cause: fault }));
    }
  };
  const stop = await state.watch(REVOCATION_PREFIX, (change) => {
    take(change);
    if (following) onChange?.();
  });
  following = true;
  if (unreadable.length > 0) {
    stop();
    throw new AggregateError(unreadable, `cannot read ${unreadable.length} stored revocations`);
  }
  return {
    ...refusalsBy(index),
    index,
    made,
    close: stop,
  };
}

/** Refuses by what an index holds at the time. */
export function refusalsBy(index: RevocationIndex): Pick<Revocations, 'refusal'> {
  return {
    refusal: (revocable) => {
      const found = index.find(revocable);
      return found && refusalBy(found);
    },
  };
}

/** The reason is for administrators; the caller does not get it. */
function refusalBy({ id, reason, block }: Revocation): Refusal {
  const detail = `revocation ${id}: ${reason}`;
  return block
    ? new Refusal('blocked', 'This access is blocked until an administrator lifts the block.', {
        detail,
      })
    : new Refusal(
        'token_revoked',
        'The access behind this token was revoked. Get a token that was issued more than five seconds after the revocation.',
        { detail },
      );
}
