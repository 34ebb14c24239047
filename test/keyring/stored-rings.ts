import { join } from 'node:path';
import type { Clock } from '../../src/clock.ts';
import { emptyRing, type Ring, type RingKey, ringKey, ringText } from '../../src/keyring/ring.ts';
import { createSealer } from '../../src/keyring/sealing.ts';
import { createKeyPair, type KeyPair } from '../../src/nats/key-pair.ts';
import { openStore } from '../../src/store/sqlite/database.ts';
import { openSqliteState } from '../../src/store/sqlite/state.ts';
import type { SharedState } from '../../src/store/shared-state.ts';
import { temporaryDirectory } from '../audit/temporary-directory.ts';
import { START } from './rings.ts';

/** A clock that stands until it is moved. */
export function handClock(): Clock & { move(milliseconds: number): void } {
  let now = START;
  return {
    now: () => now,
    move: (milliseconds) => {
      now += milliseconds;
    },
  };
}

/** A SQLite file, and any number of handles that share it. They end with the test. */
export function stateFile() {
  const directory = temporaryDirectory();
  const opened = new AsyncDisposableStack();
  return {
    open({ clock = handClock() }: { clock?: Clock } = {}): SharedState {
      const store = openStore({ file: join(directory.path, 'sts.db'), survive: 'process-crash' });
      const state = openSqliteState({ store, clock });
      opened.defer(async () => {
        await state.close();
        store.close();
      });
      return state;
    },
    async [Symbol.asyncDispose]() {
      await opened.disposeAsync();
      directory[Symbol.dispose]();
    },
  };
}

export const SEALER = createSealer([new Uint8Array(32).fill(7)]);

/** A key with its pair, sealed, as a ring has it. */
export async function sealedKey(
  more: Partial<RingKey> = {},
): Promise<{ pair: KeyPair; key: RingKey }> {
  const pair = createKeyPair('account');
  const { publicKey } = pair;
  const key: RingKey = {
    publicKey,
    slot: '*',
    state: 'active',
    sealedSeed: await SEALER.seal(publicKey, pair.seed()),
    stagedAt: START,
    stagedTerm: 1,
    activeAt: START,
    lifetimeSeconds: 0,
    reason: 'first',
    ...more,
  };
  return { pair, key };
}

export function ringOf(...keys: RingKey[]): Ring {
  return { ...emptyRing({ account: 'APP', publicKey: 'ACCOUNT', kind: 'managed' }), keys };
}

/** Writes a ring, whatever was there. */
export async function writeRing(state: SharedState, ring: Ring): Promise<void> {
  await writeText(state, ringText(ring));
}

export async function writeText(state: SharedState, text: string): Promise<void> {
  const [entry] = await state.list(ringKey('APP'));
  await state.write(ringKey('APP'), text, entry?.revision ?? 0);
}
