import { jetstreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { credentialOf } from '../../src/revocation/issued-credential.ts';
import { openJetStreamLedger } from '../../src/revocation/jetstream-ledger.ts';
import { StoreUnavailable } from '../../src/store/shared-state.ts';
import { createJetStreamWorld, type JetStreamWorld } from '../store/jetstream/world.ts';
import { ledgerContract, list, living, seconds } from './ledger.contract.ts';

const openLedger = async (world: JetStreamWorld) =>
  openJetStreamLedger({
    connection: await world.connect(),
    bucket: 'nats-sts',
    clock: systemClock,
  });

ledgerContract('JetStream', async () => {
  const world = await createJetStreamWorld();
  const [writer, ledger] = [await openLedger(world), await openLedger(world)];
  return {
    ledger,
    issue: (events) => writer.record(events.map(credentialOf)),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
});

test('writing a credential again changes nothing', async () => {
  await using world = await createJetStreamWorld();
  const ledger = await openLedger(world);
  const credential = credentialOf(living());
  await ledger.record([credential, credential]);
  await ledger.record([credential]);
  expect(await list(ledger)).toEqual([credential]);
});

test('an entry goes by itself, a minute after its credential has expired', async () => {
  await using world = await createJetStreamWorld();
  const ledger = await openLedger(world);
  await ledger.record([credentialOf(living({ expiresAt: seconds() + 100 }))]);
  const manager = await jetstreamManager((await world.connect()).nats);
  const entry = await manager.streams.getMessage('KV_nats-sts_credentials', {
    last_by_subj: '$KV.nats-sts_credentials.>',
  });
  expect(entry?.header.get('Nats-TTL')).toMatch(/^1(?:59|60)s$/);
});

test('its name changes when the bucket is made anew', async () => {
  await using world = await createJetStreamWorld();
  const first = await openLedger(world);
  expect((await openLedger(world)).destination).toBe(first.destination);
  const manager = await jetstreamManager((await world.connect()).nats);
  await manager.streams.delete('KV_nats-sts_credentials');
  expect((await openLedger(world)).destination).not.toBe(first.destination);
});

test('a recreated bucket starts over: an old position means everything', async () => {
  await using world = await createJetStreamWorld();
  const ledger = await openLedger(world);
  await ledger.record([credentialOf(living()), credentialOf(living())]);
  const position = await ledger.latest();
  const manager = await jetstreamManager((await world.connect()).nats);
  await manager.streams.delete('KV_nats-sts_credentials');
  const again = await openLedger(world);
  const credentials = [living(), living(), living()].map(credentialOf);
  await again.record(credentials);
  expect(await list(again, { after: position })).toEqual(credentials);
});

test('a stream that came back with less than it had starts over, too', async () => {
  await using world = await createJetStreamWorld();
  const ledger = await openLedger(world);
  const credential = credentialOf(living());
  await ledger.record([credential]);
  const [life] = (await ledger.latest()).split(' 1');
  expect(await list(ledger, { after: `${life} 1` })).toEqual([]);
  expect(await list(ledger, { after: `${life} 2` })).toEqual([credential]);
});

test('a lost store is reported, even in the middle of a read', async () => {
  await using world = await createJetStreamWorld();
  const ledger = await openLedger(world);
  await ledger.record(Array.from({ length: 600 }, () => credentialOf(living())));
  const reading = ledger.alive({})[Symbol.asyncIterator]();
  expect((await reading.next()).done).toBe(false);
  await world.kill();
  const rest = (async () => {
    while (!(await reading.next()).done);
  })();
  await expect(rest).rejects.toThrow(StoreUnavailable);
  await expect(list(ledger)).rejects.toThrow(StoreUnavailable);
  await expect(ledger.latest()).rejects.toThrow(StoreUnavailable);
  await expect(ledger.record([credentialOf(living())])).rejects.toThrow(StoreUnavailable);
});
