import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../../src/clock.ts';
import type { Refusal } from '../../../src/errors.ts';
import type { Claims } from '../../../src/identity/identity.ts';
import { openSingleUse, type SingleUse } from '../../../src/identity/single-use.ts';
import { tokenHash } from '../../../src/identity/verify-token.ts';
import { createHandovers } from '../../../src/login/handover/create-handovers.ts';
import { openEndedSessions } from '../../../src/login/session/ended-sessions.ts';
import type { Handovers } from '../../../src/login/handovers.ts';
import type { FailedEntry, Journal, JournalEntry } from '../../../src/login/journal.ts';
import {
  createSessionKeeper,
  type SessionKeeperParts,
} from '../../../src/login/session/create-session-keeper.ts';
import type { Caller, Session, SessionKeeper } from '../../../src/login/session.ts';
import { createTextSealer, type TextSealer } from '../../../src/login/text-sealer.ts';
import { followRevocations } from '../../../src/revocation/revocations.ts';
import { openJetStreamSingleUse } from '../../../src/store/jetstream/single-use.ts';
import { openJetStreamState } from '../../../src/store/jetstream/state.ts';
import type { SharedState } from '../../../src/store/shared-state.ts';
import { openStore } from '../../../src/store/sqlite/database.ts';
import { openSqliteState } from '../../../src/store/sqlite/state.ts';
import { temporaryDirectory } from '../../audit/temporary-directory.ts';
import { createJetStreamWorld } from '../../store/jetstream/world.ts';
import { NOW } from '../../support/issuer.ts';

export interface FrozenClock {
  now(): number;
  advance(seconds: number): void;
}

/** Two replicas over one store, and sessions for them. */
export interface HandoverWorld extends AsyncDisposable {
  readonly one: Handovers;
  readonly two: Handovers;
  readonly state: SharedState;
  readonly clock: FrozenClock;
  readonly keeper: SessionKeeper;
  readonly sealer: TextSealer;
  /** What the journal was told, in order. */
  readonly told: ((JournalEntry | ({ readonly step: 'failed' } & FailedEntry)) & Caller)[];
  /** From now on the journal refuses with this, or no longer. */
  journalSays(refusal: Refusal | undefined): void;
  session(changes?: Partial<Session>): Session;
}

/** The store of one replica. */
interface Place {
  readonly state: SharedState;
  readonly singleUse: SingleUse;
}

type Store = AsyncDisposable & { open(clock: FrozenClock): Promise<Place> };

async function sqliteStore(): Promise<Store> {
  const stack = new AsyncDisposableStack();
  const directory = stack.use(temporaryDirectory());
  return {
    async open(clock) {
      const store = openStore({ file: join(directory.path, 'sts.db'), survive: 'process-crash' });
      stack.defer(() => store.close());
      const state = openSqliteState({ store, clock: systemClock });
      stack.defer(() => state.close());
      return { state, singleUse: openSingleUse({ database: store.database, clock }) };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function jetStreamStore(): Promise<Store> {
  const world = await createJetStreamWorld();
  return {
    async open(clock) {
      const place = { connection: await world.connect(), bucket: 'nats-sts', clock: systemClock };
      const state = await openJetStreamState(place);
      world.defer(() => state.close());
      return { state, singleUse: await openJetStreamSingleUse({ ...place, clock }) };
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

const STORES = { SQLite: sqliteStore, JetStream: jetStreamStore };

export type StoreKind = keyof typeof STORES;

export async function createHandoverWorld(
  kind: StoreKind = 'SQLite',
  { capacity }: { readonly capacity?: number } = {},
): Promise<HandoverWorld> {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await STORES[kind]());
  const clock = frozenClock();
  const keys = [randomBytes(32)];
  const told: HandoverWorld['told'] = [];
  let saying: Refusal | undefined;
  const journal: Journal = {
    record: async (entry, caller) => {
      if (!saying) told.push({ ...entry, ...caller });
      return saying;
    },
    refuse: async (entry, caller) => {
      if (!saying) told.push({ step: 'failed', ...entry, ...caller });
      return saying ?? entry.refusal;
    },
  };
  const replica = async () => {
    const place = await store.open(clock);
    const { state } = place;
    const sealer = createTextSealer({ keys, audience: () => 'https://sts.test', clock });
    const ended = await openEndedSessions({ state, clock });
    stack.defer(() => ended.close());
    const revocations = await followRevocations({ state, onUnreadable: () => {} });
    stack.defer(() => revocations.close());
    const login = loginInForce();
    const keeper = createSessionKeeper({ sealer, ended, revocations, login, clock });
    const bounds = capacity === undefined ? {} : { capacity };
    const handovers = createHandovers({ ...place, ...bounds, sealer, keeper, journal, clock });
    stack.defer(() => handovers.close());
    return { handovers, state, keeper, sealer };
  };
  const first = await replica();
  const second = await replica();
  const owned = stack.move();
  return {
    one: first.handovers,
    two: second.handovers,
    state: first.state,
    clock,
    keeper: first.keeper,
    sealer: first.sealer,
    told,
    journalSays: (refusal) => {
      saying = refusal;
    },
    session: (changes) => session(clock, changes),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export function frozenClock(): FrozenClock {
  let seconds = NOW;
  return {
    now: () => seconds * 1000,
    advance: (by) => {
      seconds += by;
    },
  };
}

/** The login at which the sessions below began. */
export function loginInForce(issuer: string = ISSUER): SessionKeeperParts['login'] {
  const inForce = { clientId: CLIENT_ID, sessionSeconds: 3600, idToken: { issuers: [issuer] } };
  return (name) => (name === 'dev' ? inForce : undefined);
}

const ISSUER = 'https://issuer.test';
const CLIENT_ID = 'nats-sts';

/** Of a person who has just signed in; nobody checks the signature of its ID token again. */
export function session(
  clock: Clock,
  changes: Partial<Session> = {},
  issuer: string = ISSUER,
): Session {
  const startedAt = clock.now() / 1000;
  const claims: Claims = {
    iss: issuer,
    sub: 'ada',
    aud: CLIENT_ID,
    name: 'Ada',
    iat: startedAt,
    exp: startedAt + 300,
  };
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const idToken = `${encode({ alg: 'ES256', typ: 'JWT' })}.${encode(claims)}.c2ln`;
  return {
    id: randomUUID(),
    identity: {
      issuerName: 'dev',
      issuer,
      subject: 'ada',
      kind: 'id_token',
      claims,
      issuedAt: startedAt,
      expiresAt: startedAt + 300,
      tokenHash: tokenHash(idToken),
    },
    idToken,
    startedAt,
    endsAt: startedAt + 3600,
    ...changes,
  };
}
