import { randomUUID } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { CALLER, type OAuthWorld, startOAuthWorld } from '../http/oauth/oauth-world.ts';
import { createJetStreamWorld, type JetStreamWorld } from '../store/jetstream/world.ts';
import { eventually } from '../support/eventually.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { type ConfigTree, prepareService } from '../support/service-world.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

/** A stalled store may write later what it was asked to write; a caller that was told to try again does so then. */

const { publicKey: nkey } = createKeyPair('user');

const inStore = (url: string) => (tree: ConfigTree) => {
  tree['store'].jetstream = { bucket: 'nats-sts', servers: [url] };
  tree['issuers'].dev.singleUse = true;
};

/** What was asked while the store was stopped, once it goes on. */
async function whileStopped(store: JetStreamWorld, ask: () => Promise<Response>) {
  process.kill(store.server.pid, 'SIGSTOP');
  try {
    return await ask();
  } finally {
    process.kill(store.server.pid, 'SIGCONT');
  }
}

/** As the answers say: again, until there is another than "try again". */
function again(ask: () => Promise<Response>): Promise<Response> {
  return eventually(async () => {
    const response = await ask();
    return response.status !== 503 && response;
  });
}

function refresh(world: OAuthWorld, token: string): Promise<Response> {
  const form = { client_id: 'nats-sts', grant_type: 'refresh_token', refresh_token: token, nkey };
  return world.post('/token', form);
}

const failures = ({ service }: OAuthWorld) =>
  service.audit({ type: 'login' }).filter((event) => 'step' in event && event.step === 'failed');

test('a refresh token that was answered "try again" while the store was stopped stays valid, and no theft is recorded', async () => {
  await using store = await createJetStreamWorld();
  await using world = await startOAuthWorld(inStore(store.server.url));
  const session = world.session();
  const token = await world.replica.refreshToken({ session, role: 'viewer' });
  const stalled = await whileStopped(store, () => refresh(world, token));
  expect(stalled.status).toBe(503);
  expect(stalled.headers.get('retry-after')).toBe('5');

  const answer = await again(() => refresh(world, token));
  expect(answer.status).toBe(200);
  const { refresh_token: next } = (await answer.json()) as { refresh_token: string };
  expect(failures(world)).toEqual([]);

  // A theft is noticed as ever: the token was answered, and comes again.
  expect(((await (await refresh(world, token)).json()) as { error: string }).error).toBe(
    'invalid_grant',
  );
  expect(failures(world)).toMatchObject([{ session: session.id, reason: 'grant_invalid' }]);
  expect((await refresh(world, next)).status).toBe(400);
});

test('it also stays valid at another replica, which does not know of the first attempt', async () => {
  await using store = await createJetStreamWorld();
  await using world = await startOAuthWorld(inStore(store.server.url));
  const token = await world.replica.refreshToken({ session: world.session(), role: 'viewer' });
  expect((await whileStopped(store, () => refresh(world, token))).status).toBe(503);
  const handed = await eventually(async () => {
    const answer = await world.replica.redeemRefreshToken(token, CALLER);
    const retry = answer instanceof Refusal && answer.reason === 'store_unavailable';
    return retry ? undefined : answer;
  });
  expect(handed).not.toBeInstanceOf(Refusal);
  expect(failures(world)).toEqual([]);
  expect((await refresh(world, token)).status).toBe(400);
  expect(failures(world)).toHaveLength(1);
});

test('a single-use subject token stays valid, too, and works once', async () => {
  await using store = await createJetStreamWorld();
  await using world = await startOAuthWorld(inStore(store.server.url));
  const token = await world.service.token({ jti: randomUUID() });
  const exchange = () => world.service.exchange(token, { nkey });
  const stalled = await whileStopped(store, exchange);
  expect(await stalled.json()).toMatchObject({ status: 503, reason: 'store_unavailable' });
  expect((await again(exchange)).status).toBe(200);
  expect(await (await exchange()).json()).toMatchObject({ status: 401, reason: 'token_reused' });
});

test('a token whose process is killed before it answers is valid at the next process', async () => {
  await using store = await createJetStreamWorld();
  await using proxy = await startTcpProxy(store.server.port);
  await using ground = await prepareService({
    nats: false,
    configure: inStore(`nats://127.0.0.1:${proxy.port}`),
  });
  const token = await ground.token({ jti: randomUUID() });
  const killed = await startServiceProcess(ground);
  proxy.cut('answers');
  const unanswered = killed.exchange(token, { nkey }).catch(() => 'no answer');
  const streams = (await jetstreamManager((await store.connect()).nats)).streams;
  await eventually(async () => {
    const { state } = await streams.info('KV_nats-sts_single_use');
    return state.messages === 1;
  });
  killed.signal('SIGKILL');
  expect(await unanswered).toBe('no answer');
  await killed.exited;
  proxy.heal();

  await using next = await startServiceProcess(ground);
  const exchange = () => next.exchange(token, { nkey });
  expect((await again(exchange)).status).toBe(200);
  expect(await (await exchange()).json()).toMatchObject({ status: 401, reason: 'token_reused' });
});
