import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqliteLog } from '../../src/audit/sinks/sqlite.ts';
import { systemClock } from '../../src/clock.ts';
import { type LedgerAnswers, openIpcLedger, serveLedger } from '../../src/revocation/ipc-ledger.ts';
import type { CredentialLedger } from '../../src/revocation/ledger.ts';
import { openSqliteLedger } from '../../src/revocation/sqlite-ledger.ts';
import { RemoteFault } from '../../src/store/ipc/channel.ts';
import { serveLists } from '../../src/store/ipc/portions.ts';
import { openStore } from '../../src/store/sqlite/database.ts';
import { temporaryDirectory } from '../audit/temporary-directory.ts';
import { link } from '../store/ipc/link.ts';
import { eventually } from '../support/eventually.ts';
import { ledgerContract, list, living } from './ledger.contract.ts';

/** A worker's view of this ledger. */
function throughChannel(ledger: CredentialLedger) {
  const ends = link<LedgerAnswers>();
  serveLedger(ends.primary, serveLists(ends.primary), ledger);
  return { ends, ledger: openIpcLedger(ends.worker) };
}

ledgerContract('a worker', async () => {
  const directory = temporaryDirectory();
  const store = openStore({ file: join(directory.path, 'sts.db'), survive: 'process-crash' });
  const log = openSqliteLog({ store, clock: systemClock, retentionSeconds: 86_400 });
  const { ends, ledger } = throughChannel(
    openSqliteLedger({ store, clock: systemClock, longestLifetimeSeconds: () => 3600 }),
  );
  return {
    ledger,
    async issue(events) {
      await Promise.all(events.map((event) => log.record(event)));
    },
    async [Symbol.asyncDispose]() {
      ends[Symbol.dispose]();
      await log.close();
      store.close();
      directory[Symbol.dispose]();
    },
  };
});

/** So many credentials; `ended` says how far it was read, once it ends. */
function longLedger(count: number) {
  const read = { count: 0, ended: false };
  const ledger: CredentialLedger = {
    async *alive() {
      try {
        for (; read.count < count; read.count += 1)
          yield { ...living(), expiresAt: read.count } as never;
      } finally {
        read.ended = true;
      }
    },
    latest: async () => {
      throw new Error('cannot be read');
    },
  };
  return { read, ledger };
}

test('a long list comes whole, in its order', async () => {
  const { ledger } = throughChannel(longLedger(1234).ledger);
  const found = await list(ledger);
  expect(found.map(({ expiresAt }) => expiresAt)).toEqual(
    Array.from({ length: 1234 }, (_, n) => n),
  );
});

test('a reader that stops, and one that ends, end the reading', async () => {
  const stopping = longLedger(100_000);
  for await (const _ of throughChannel(stopping.ledger).ledger.alive({})) break;
  await eventually(() => stopping.read.ended);
  expect(stopping.read.count).toBeLessThan(1000);

  const dying = longLedger(100_000);
  const { ends, ledger } = throughChannel(dying.ledger);
  const reading = (async () => {
    for await (const _ of ledger.alive({})) ends[Symbol.dispose]();
  })();
  await expect(reading).rejects.toThrow(/ended/);
  await eventually(() => dying.read.ended);
});

test('a ledger that cannot be read throws', async () => {
  const { ledger } = throughChannel(longLedger(0).ledger);
  await expect(ledger.latest()).rejects.toThrow(RemoteFault);
});
