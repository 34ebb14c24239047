import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../../src/clock.ts';
import type { Config } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { openSingleUse, type SingleUse } from '../../../src/identity/single-use.ts';
import { createHandovers } from '../../../src/login/handover/create-handovers.ts';
import { openEndedSessions } from '../../../src/login/session/ended-sessions.ts';
import type { CodeAsk, Handovers } from '../../../src/login/handovers.ts';
import type { Journal } from '../../../src/login/journal.ts';
import { createSessionKeeper } from '../../../src/login/session/create-session-keeper.ts';
import type { Session } from '../../../src/login/session.ts';
import { createTextSealer } from '../../../src/login/text-sealer.ts';
import { createKeyPair } from '../../../src/nats/key-pair.ts';
import { NO_REVOCATIONS } from '../../../src/revocation/revocations.ts';
import { openJetStreamSingleUse } from '../../../src/store/jetstream/single-use.ts';
import { openJetStreamState } from '../../../src/store/jetstream/state.ts';
import { connectStore } from '../../../src/store/jetstream/connection.ts';
import type { SharedState } from '../../../src/store/shared-state.ts';
import { openStore } from '../../../src/store/sqlite/database.ts';
import { openSqliteState } from '../../../src/store/sqlite/state.ts';
import { loginInForce, session } from '../../login/handover/handover-world.ts';
import {
  type ConfigTree,
  type Places,
  type ServiceWorld,
  startServiceWorld,
} from '../../support/service-world.ts';

export const VERIFIER = 'v'.repeat(43);
export const REDIRECT_URI = 'http://127.0.0.1:49152/callback';
export const CALLER = { requestId: 'request-1', address: '192.0.2.7' };

/** A running service, and beside it another replica at which people agree, over the same store and sealing key. */
export interface OAuthWorld extends AsyncDisposable {
  readonly service: ServiceWorld;
  readonly replica: Handovers;
  readonly state: SharedState;
  /** Of somebody who has just signed in, and may be `viewer` and `publisher`. */
  session(): Session;
  /** A code for this session, as the page gives it out. */
  code(session: Session, changes?: Partial<CodeAsk & { role: string }>): Promise<string>;
  post(path: string, form: Readonly<Record<string, string | undefined>>): Promise<Response>;
}

export async function startOAuthWorld(
  configure: (tree: ConfigTree, places: Places) => void = () => {},
): Promise<OAuthWorld> {
  await using stack = new AsyncDisposableStack();
  const service = stack.use(
    await startServiceWorld({
      nats: false,
      configure: (tree, places) => {
        const file = join(places.folder, 'sealing.key');
        writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600 });
        tree.sealingKey = { file };
        tree.issuers.dev.login = { clientId: 'nats-sts' };
        tree.roles.viewer = {
          account: Object.keys(places.trust.accounts)[0],
          subscribe: { allow: ['orders.>'] },
          maxTtl: '1h',
        };
        tree.bindings.push({
          name: 'people',
          issuer: 'dev',
          match: { sub: 'ada' },
          roles: ['viewer', 'publisher'],
        });
        configure(tree, places);
      },
    }),
  );
  const { replica, state } = await openReplica(service, stack);
  const owned = stack.move();
  return {
    service,
    replica,
    state,
    session: () => session(WHOLE_SECONDS, {}, service.issuer.issuer),
    code: async (of, changes = {}) => {
      const ask = {
        program: 'a program',
        userPublicKey: createKeyPair('user').publicKey,
        role: 'viewer',
        ttlSeconds: undefined,
        redirectUri: REDIRECT_URI,
        codeChallenge: createHash('sha256').update(VERIFIER).digest('base64url'),
        ...changes,
      };
      const code = await replica.grantCode(ask, of, CALLER);
      if (typeof code === 'string') return code;
      throw new Error(`no code: ${code.reason}`);
    },
    post: (path, form) => {
      const pairs = Object.entries(form).filter((pair): pair is [string, string] => !!pair[1]);
      return fetch(service.url + path, { method: 'POST', body: new URLSearchParams(pairs) });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function openReplica(
  { storeFile, configFile, url, issuer }: ServiceWorld,
  stack: AsyncDisposableStack,
) {
  const clock = systemClock;
  const config = loadConfig(configFile, { env: {} });
  const { state, singleUse } = await openStores(config, storeFile, stack);
  stack.defer(() => state.close());
  const sealer = createTextSealer({ keys: config.sealingKeys, audience: () => url, clock });
  const ended = await openEndedSessions({ state, clock });
  stack.defer(() => ended.close());
  const revocations = NO_REVOCATIONS;
  const login = loginInForce(issuer.issuer);
  const keeper = createSessionKeeper({ sealer, ended, revocations, login, clock });
  const journal: Journal = {
    record: async () => undefined,
    refuse: async ({ refusal }) => refusal,
  };
  const replica = createHandovers({ state, sealer, keeper, singleUse, journal, clock });
  stack.defer(() => replica.close());
  return { replica, state };
}

async function openStores(
  { store: { jetstream } }: Config,
  file: string,
  stack: AsyncDisposableStack,
): Promise<{ readonly state: SharedState; readonly singleUse: SingleUse }> {
  const clock = systemClock;
  if (jetstream) {
    const connection = await connectStore(jetstream);
    stack.defer(() => connection.close());
    const place = { connection, bucket: jetstream.bucket, clock };
    return {
      state: await openJetStreamState(place),
      singleUse: await openJetStreamSingleUse(place),
    };
  }
  const store = openStore({ file, survive: 'process-crash' });
  stack.defer(() => store.close());
  return {
    state: openSqliteState({ store, clock }),
    singleUse: openSingleUse({ database: store.database, clock }),
  };
}

const WHOLE_SECONDS: Clock = { now: () => Math.floor(Date.now() / 1000) * 1000 };
