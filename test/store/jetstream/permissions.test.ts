import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, credsAuthenticator, errors, type NatsConnection } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { openJetStreamLedger } from '../../../src/revocation/jetstream-ledger.ts';
import { openJetStreamSingleUse } from '../../../src/store/jetstream/single-use.ts';
import { openJetStreamState } from '../../../src/store/jetstream/state.ts';
import { connectStore, type StoreConnection } from '../../../src/store/jetstream/connection.ts';
import { storeUserPermissions } from '../../../src/store/jetstream/permissions.ts';
import { temporaryDirectory } from '../../audit/temporary-directory.ts';
import { credential } from '../../revocation/support.ts';
import { eventually } from '../../support/eventually.ts';
import type { NatsServer } from '../../support/nats-server.ts';
import { firstError, publishTo, subscriptionError } from '../../support/nats-traffic.ts';
import { createOperatorWorld } from '../../support/operator-world.ts';
import { PATIENCE_MILLISECONDS } from '../../support/patience.ts';

const BUCKET = 'nats-sts';
const PERMISSIONS = storeUserPermissions(BUCKET);
const world = createOperatorWorld({ accounts: { STORE: { jetstream: true } } });
const narrow = world.user({ permissions: PERMISSIONS });

/** Subjects that the server was sent messages on. */
function published({ log }: NatsServer): string[] {
  return log.flatMap((line) => /<<- \[H?PUB (\S+) /.exec(line)?.[1] ?? []);
}

/** Whether a subject is one of those that a pattern allows. */
function allows(pattern: string, subject: string): boolean {
  const tokens = subject.split('.');
  const wanted = pattern.split('.');
  if (wanted.at(-1) === '>' ? tokens.length < wanted.length : tokens.length !== wanted.length) {
    return false;
  }
  return wanted.every((token, place) => token === '>' || token === '*' || token === tokens[place]);
}

/** All that is ever done to the store; `all` may do everything. */
async function useStore(connection: StoreConnection, all: NatsConnection): Promise<void> {
  const place = { connection, bucket: BUCKET, clock: systemClock };
  const now = Math.floor(Date.now() / 1000);
  const state = await openJetStreamState(place);
  const told: string[] = [];
  await state.watch('', ({ key }) => told.push(key));
  const keys = Array.from({ length: 200 }, (_, index) => `text.${index}`);
  const revisions = await Promise.all(keys.map((key) => state.write(key, 'x'.repeat(8000), 0)));
  expect(await state.write(keys[0]!, 'y', 0)).toBeUndefined();
  expect(await state.write(keys[0]!, undefined, revisions[0]!)).toBeGreaterThan(0);
  await eventually(() => told.length === keys.length + 1);
  // So much at once that the server asks whether it comes too fast.
  const another = await openJetStreamState(place);
  expect(await another.list('')).toHaveLength(keys.length - 1);

  const ledger = await openJetStreamLedger(place);
  const credentials = Array.from({ length: 501 }, (_, index) =>
    credential({ user: `U${index}`, issuedAt: now, expiresAt: now + 60 }),
  );
  const beginning = await ledger.latest();
  await ledger.record(credentials);
  await ledger.record(credentials.slice(0, 1));
  for (const [filter, count] of [
    [{}, credentials.length],
    [{ after: beginning }, credentials.length],
    [{ user: 'U7' }, 1],
  ] as const) {
    const found = [];
    for await (const one of ledger.alive(filter)) found.push(one);
    expect(found).toHaveLength(count);
  }
  const reading = ledger.alive({})[Symbol.asyncIterator]();
  await reading.next();
  // Credentials that expire while they are counted on.
  const manager = await jetstreamManager(all, { checkAPI: false });
  await manager.streams.purge(`KV_${BUCKET}_credentials`);
  while (!(await reading.next()).done);

  const used = await openJetStreamSingleUse(place);
  expect(await used.claim('issuer', 'once', now - 1)).toBe(true);
  expect(await used.claim('issuer', 'once', now + 60)).toBe(true);
  expect(await used.claim('issuer', 'once', now + 60)).toBe(false);
  await state.close();
  await another.close();
}

/** Only a consumer whose messages were lost is deleted. */
const RARE = `$JS.API.CONSUMER.DELETE.KV_${BUCKET}.*`;

test('with the permissions of the user of the store and nothing more, everything works; each is needed', async () => {
  using directory = temporaryDirectory();
  const credsFile = join(directory.path, 'store.creds');
  writeFileSync(credsFile, narrow.creds);
  await using server = await world.start({ args: ['-V'], config: 'max_traced_msg_len: 32' });
  const connection = await connectStore({ servers: [server.url], credsFile });
  const all = await connectTo(server, world.user().creds);
  await useStore(connection, all);
  await all.close();
  await connection.close();

  expect(server.log.filter((line) => line.includes('Violation'))).toEqual([]);
  const subjects = published(server);
  const needless = PERMISSIONS.pub.allow.filter(
    (pattern) => !subjects.some((subject) => allows(pattern, subject)),
  );
  expect(needless).toEqual([RARE]);
});

function connectTo(server: NatsServer, creds: string): Promise<NatsConnection> {
  const authenticator = credsAuthenticator(Buffer.from(creds));
  return connect({ servers: server.url, authenticator, timeout: PATIENCE_MILLISECONDS });
}

test.each([
  ['delete a bucket', `$JS.API.STREAM.DELETE.KV_${BUCKET}`],
  ['change a bucket', `$JS.API.STREAM.UPDATE.KV_${BUCKET}`],
  ['empty a bucket', `$JS.API.STREAM.PURGE.KV_${BUCKET}`],
  ['erase what a bucket holds', `$JS.API.STREAM.MSG.DELETE.KV_${BUCKET}`],
  ['list streams', '$JS.API.STREAM.LIST'],
  ['make a stream', '$JS.API.STREAM.CREATE.other'],
  ['read another stream', '$JS.API.STREAM.MSG.GET.KV_other'],
  ['consume another stream', '$JS.API.CONSUMER.CREATE.KV_other.x'],
  ['write to another bucket', '$KV.other.key'],
  ['publish elsewhere', 'anywhere'],
])('the user of the store may not %s', async (_, subject) => {
  await using server = await world.start();
  const user = await connectTo(server, narrow.creds);
  const refused = firstError(user);
  await publishTo(user, [subject]);
  expect(await refused).toBeInstanceOf(errors.PermissionViolationError);
  for (const wide of ['$JS.>', '$KV.>', '_INBOX.>', '>']) {
    expect(await subscriptionError(user, wide)).toBeInstanceOf(errors.PermissionViolationError);
  }
  await user.close();
});
