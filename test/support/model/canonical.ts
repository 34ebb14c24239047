import { FOREIGN, iatOf, type Jwt, jwtOf, keysOf } from './account.ts';
import { isAsked, type ModelKey, readKeys, writeKeys } from './rings.ts';
import type { Air, Flight, Rotator, Server, State } from './state.ts';

/**
 * States that behave alike as one: keys are called k0, k1, … in the order in which they are come
 * across, `iat`s are their places in the order, servers stand in an order of their own, and retired
 * keys that nothing mentions any more are forgotten.
 */
export function canonical(state: State): { state: State; text: string } {
  const jwts = jwtsOf(state);
  const gone = forgettable(state, jwts);
  const names = new Map<string, string>();
  const rename = (name: string): string => {
    if (name === FOREIGN) return name;
    const known = names.get(name) ?? `k${names.size}`;
    names.set(name, known);
    return known;
  };
  const iats = [...new Set(jwts.map(iatOf))].sort((a, b) => a - b);
  // Most texts stay as they are: making them anew would take most of the time.
  const ring = (text: string): string => {
    const keys = readKeys(text);
    const kept = gone.size === 0 ? keys : keys.filter(({ name }) => !gone.has(name));
    const same = kept.map(({ name }) => rename(name) === name).every(Boolean);
    if (same && kept.length === keys.length) return text;
    return writeKeys(
      kept.map((key): ModelKey => ({ ...key, name: rename(key.name) })),
      isAsked(text),
    );
  };
  const jwt = (jwt: Jwt): Jwt => {
    const [keys, iat] = [keysOf(jwt), iats.indexOf(iatOf(jwt))];
    const same = keys.map((key) => rename(key) === key).every(Boolean);
    return same && iat === iatOf(jwt) ? jwt : jwtOf(iat, keys.map(rename));
  };
  return written(map(state, { ring, jwt, rename }));
}

interface Renaming {
  readonly ring: (text: string) => string;
  readonly jwt: (jwt: Jwt) => Jwt;
  readonly rename: (name: string) => string;
}

function map(state: State, { ring, jwt, rename }: Renaming): State {
  const maybe = (text: Jwt | undefined) => (text === undefined ? undefined : jwt(text));
  const found = <T extends { stored: Jwt; applied: Jwt | undefined }>(found: T): T => ({
    ...found,
    stored: jwt(found.stored),
    applied: maybe(found.applied),
  });
  const rotator = (rotator: Rotator): Rotator => {
    if (!('ring' in rotator)) return rotator;
    return {
      ...rotator,
      ring: ring(rotator.ring),
      ...('next' in rotator && { next: ring(rotator.next) }),
      ...('found' in rotator && { found: rotator.found.map(found) }),
    };
  };
  const air = ({ others, sent }: Air): Air => ({
    others,
    sent: sent.map((push) => (push.jwt === undefined ? push : { ...push, jwt: jwt(push.jwt) })),
  });
  const flight = (flight: Flight | undefined) => flight && { ...flight, jwt: jwt(flight.jwt) };
  return {
    ...state,
    ring: ring(state.ring),
    rotators: [rotator(state.rotators[0]), rotator(state.rotators[1])],
    servers: state.servers.map((server) => ({ ...found(server), loading: maybe(server.loading) })),
    airs: [air(state.airs[0]), air(state.airs[1])],
    flights: [flight(state.flights[0]), flight(state.flights[1]), flight(state.flights[2])],
    signer: {
      ...state.signer,
      key: state.signer.key === undefined ? undefined : rename(state.signer.key),
    },
    credentials: Object.fromEntries(
      Object.entries(state.credentials).map(([key, left]) => [rename(key), left]),
    ),
  };
}

/** With the servers in order, and the text that describes all of it. */
function written(state: State): { state: State; text: string } {
  const ranked = state.servers
    .map((server, i) => ({ i, server, text: `${serverText(server)} ${pendingText(state, i)}` }))
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
  const flights = state.flights.map(
    (flight) =>
      flight && {
        ...flight,
        pending: ranked.reduce((bits, { i }, to) => bits | (((flight.pending >> i) & 1) << to), 0),
      },
  );
  const ordered: State = {
    ...state,
    servers: ranked.map(({ server }) => server),
    flights: [flights[0], flights[1], flights[2]],
  };
  const { ring, lease, rotators, signer, credentials } = state;
  const text = [
    ring,
    `${lease.holder} ${lease.term} ${lease.age} ${lease.busy}`,
    ...rotators.map(rotatorText),
    ...state.airs.map(airText),
    ...flights.map((flight) => flight && `${flight.jwt} ${flight.age}`),
    ...ranked.map(({ text }) => text),
    `${signer.key} ${signer.raised} ${signer.revoked} ${signer.age}`,
    Object.entries(credentials)
      .map(([key, left]) => `${key}=${left}`)
      .sort()
      .join(' '),
    `${state.drift} ${state.deathsLeft} ${state.revocationsLeft}`,
  ].join('\n');
  return { state: ordered, text };
}

function serverText({ stored, applied, loading }: Server): string {
  return `${stored}/${applied}/${loading}`;
}

function pendingText({ flights }: State, server: number): string {
  return flights.map((flight) => ((flight?.pending ?? 0) >> server) & 1).join('');
}

function airText({ others, sent }: Air): string {
  const pushes = sent.map(({ jwt, age }) => `${jwt} ${age}`);
  return `${others} ${[...new Set(pushes)].sort().join(';')}`;
}

function rotatorText(rotator: Rotator): string {
  if (!('ring' in rotator)) return `${rotator.at} ${rotator.term}`;
  const { at, term, turnTerm, ring, fresh, age } = rotator;
  const found = 'found' in rotator ? rotator.found.map((f) => `${f.stored}/${f.applied}`) : [];
  const next = 'next' in rotator ? rotator.next : '';
  return `${at} ${term} ${turnTerm} ${fresh} ${age} ${ring};${next};${found.sort().join(';')}`;
}

function jwtsOf({ servers, flights, rotators, airs }: State): Jwt[] {
  const found = rotators.flatMap((rotator) => ('found' in rotator ? rotator.found : []));
  return [
    ...[...servers, ...found].flatMap(({ stored, applied }) => [stored, applied]),
    ...servers.map(({ loading }) => loading),
    ...flights.map((flight) => flight?.jwt),
    ...airs.flatMap(({ sent }) => sent.map(({ jwt }) => jwt)),
  ].filter((jwt) => jwt !== undefined);
}

function forgettable(state: State, jwts: readonly Jwt[]): Set<string> {
  const { ring, rotators, credentials, signer } = state;
  const rings = [ring, ...rotators.flatMap((r) => ('ring' in r ? [r.ring] : []))];
  const nexts = rotators.flatMap((r) => ('next' in r ? [r.next] : []));
  const all = [...rings, ...nexts].flatMap(readKeys);
  const gone = new Set(all.filter((key) => key.state === 'retired').map(({ name }) => name));
  for (const { name, state } of all) if (state !== 'retired') gone.delete(name);
  if (gone.size === 0) return gone;
  for (const jwt of jwts) for (const name of keysOf(jwt)) gone.delete(name);
  for (const name of Object.keys(credentials)) gone.delete(name);
  if (signer.key !== undefined) gone.delete(signer.key);
  return gone;
}
