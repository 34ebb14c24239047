import { raiseLifetime, requestRotation, revokeKey } from '../../../src/keyring/changes.ts';
import { keysOf, type Oracle } from './account.ts';
import { ANY_ROLE } from '../../../src/keyring/ring.ts';
import {
  aged,
  fromRing,
  GRACE_TICKS,
  isAsked,
  LIFETIME_SECONDS,
  readKeys,
  TICK,
  toRing,
} from './rings.ts';
import { type Next, rest, rotatorActions, withFlight, writeRing } from './rotator.ts';
import {
  type Air,
  type Flight,
  type Rotator,
  SAFE_TICKS,
  type Server,
  type State,
} from './state.ts';

/** All that can happen next. Throws where something is done that must never be. */
export function actions(state: State, oracle: Oracle): Next[] {
  return [
    ...rotatorActions(state, 0, oracle),
    ...rotatorActions(state, 1, oracle),
    ...arrivals(state),
    ...loads(state),
    ...signerActions(state),
    ...requests(state),
    ...revocations(state),
    ...passing(state),
  ];
}

/** Time. A server that is loading an account does so within less than a tick. */
function passing(state: State): Next[] {
  if (state.servers.some(({ loading }) => loading !== undefined)) return [];
  const { lease, signer } = state;
  const [a, b] = state.rotators;
  const flight = (flight: Flight | undefined) =>
    flight && { ...flight, age: Math.min(flight.age + 1, SAFE_TICKS + 1) };
  const later: State = {
    ...state,
    ring: aged(state.ring),
    lease: { ...lease, age: lease.term === 0 ? 0 : 1 },
    rotators: [older(a), older(b)],
    airs: [landing(state.airs[0]), landing(state.airs[1])],
    flights: [flight(state.flights[0]), flight(state.flights[1]), flight(state.flights[2])],
    signer: { ...signer, age: Math.min(signer.age + 1, GRACE_TICKS + 1) },
    credentials: Object.fromEntries(
      Object.entries(state.credentials)
        .map(([key, left]): [string, number] => [key, left - 1])
        .filter(([, left]) => left >= 0),
    ),
  };
  return [['time passes', later]];
}

/** A server that may be loading does so within a tick. */
function landing({ others, sent }: Air): Air {
  const later = sent.map((push) => ({ ...push, age: push.age + 1 }));
  return {
    others: Math.max(0, others - 1),
    sent: later.filter(({ jwt, age }) => jwt !== undefined && age <= SAFE_TICKS),
  };
}

function older(rotator: Rotator): Rotator {
  if (!('ring' in rotator)) return rotator;
  return {
    ...rotator,
    age: 1,
    ring: aged(rotator.ring),
    ...('next' in rotator && { next: aged(rotator.next) }),
  };
}

/** Each server takes a push when it reaches it: the last one wins. */
function arrivals(state: State): Next[] {
  return state.flights.flatMap((flight, slot) =>
    state.servers.flatMap((_, server): Next[] => {
      if (!flight || ((flight.pending >> server) & 1) === 0) return [];
      return [[`${'ABX'[slot]} reaches ${server}`, arrive(state, slot, flight, server)]];
    }),
  );
}

function arrive(state: State, slot: number, flight: Flight, at: number): State {
  const servers = state.servers.map((server, i) =>
    i === at ? pushed(server, flight.jwt) : server,
  );
  const pending = flight.pending & ~(1 << at);
  const late = flight.age > SAFE_TICKS;
  const listed = keysOf(flight.jwt);
  const drops = readKeys(state.ring).some(
    ({ name, state }) => state !== 'retired' && !listed.includes(name),
  );
  const arrived = { ...state, servers, drift: state.drift || (late && drops) };
  if (pending > 0) return withFlight(arrived, slot, { ...flight, pending });
  const landed = withFlight(arrived, slot, undefined);
  return slot < 2 ? rest(landed, slot) : landed;
}

/** An account that is not loaded, or is loading, is only stored. */
function pushed(server: Server, jwt: string): Server {
  return { ...server, stored: jwt, applied: server.applied === undefined ? undefined : jwt };
}

/** A client connects to a server that has not loaded the account: it takes what is stored, and applies it. */
function loads(state: State): Next[] {
  return state.servers.flatMap((server, at): Next[] => {
    if (server.applied !== undefined) return [];
    const loaded: Server =
      server.loading === undefined
        ? { ...server, loading: server.stored }
        : { ...server, applied: server.loading, loading: undefined };
    const servers = state.servers.map((other, i) => (i === at ? loaded : other));
    return [[`${server.loading === undefined ? 'load' : 'loaded'} ${at}`, { ...state, servers }]];
  });
}

function signerActions(state: State): Next[] {
  const next: Next[] = [];
  const active = readKeys(state.ring).find((key) => key.state === 'active');
  const seen = { key: active?.name, raised: active?.raised ?? false, age: 0 };
  next.push(['signer sees', { ...state, signer: seen }]);
  const signed = sign(state);
  if (signed) next.push(['signer signs', signed]);
  return next;
}

function sign(state: State): State | undefined {
  const { key, raised, age } = state.signer;
  if (key === undefined || age > GRACE_TICKS) return undefined;
  const told = raised ? state : raise(state, key);
  if (!told) return undefined;
  const now = readKeys(told.ring).find(({ name }) => name === key)?.state;
  if (now === 'staged') throw new Error(`${key} signs while it is staged`);
  if (now === 'retired' && !told.signer.revoked) throw new Error(`${key} signs and is retired`);
  if (now === 'retired') return undefined;
  const credentials = { ...told.credentials, [key]: (LIFETIME_SECONDS * 1000) / TICK };
  return { ...told, credentials };
}

/** Before the first credential of a key, its lifetime is stored. */
function raise(state: State, key: string): State | undefined {
  const ring = toRing(state.ring, '');
  const raised = raiseLifetime(ring, key, LIFETIME_SECONDS);
  if (!raised) return undefined;
  const told = raised === ring ? state : writeRing(state, fromRing(raised));
  return { ...told, signer: { ...told.signer, raised: true } };
}

/** Someone asks for a rotation, or a period ends. */
function requests(state: State): Next[] {
  if (isAsked(state.ring) || state.ring === '') return [];
  const asked = requestRotation(toRing(state.ring, ''), [ANY_ROLE], 0);
  return [['ask', writeRing(state, fromRing(asked))]];
}

/** Emergency: the key that signs is out at once, and what it signed with it. */
function revocations(state: State): Next[] {
  const active = readKeys(state.ring).find((key) => key.state === 'active');
  if (!active || state.revocationsLeft === 0) return [];
  const revoked = revokeKey(toRing(state.ring, ''), active.name, 0);
  if (!revoked) return [];
  const { [active.name]: _, ...credentials } = state.credentials;
  const signer =
    state.signer.key === active.name ? { ...state.signer, revoked: true } : state.signer;
  const left = state.revocationsLeft - 1;
  const without = { ...state, credentials, signer, revocationsLeft: left };
  return [['revoke', writeRing(without, fromRing(revoked))]];
}
