import { type Found, iatOf, keysOf, type Oracle } from './account.ts';
import { readKeys } from './rings.ts';
import { type Air, type Rotator, SAFE_TICKS, type State } from './state.ts';

/** What a rotator does next in its turn, one action at a time: `src/rotator/turn.ts`, and the lease beside it. */
export type Next = readonly [label: string, state: State];

export function rotatorActions(state: State, me: number, oracle: Oracle): Next[] {
  const name = 'AB'[me] ?? '';
  const next: Next[] = [];
  const taken = take(state, me);
  if (taken) next.push([`${name} takes`, taken]);
  const acted = act(state, me, oracle);
  if (acted) next.push([`${name} ${acted[0]}`, acted[1]]);
  const rotator = state.rotators[me];
  if (rotator?.at === 'pushing') {
    next.push([`${name} loses`, withFlight(rest(state, me), me, undefined)]);
    const left = leave(state, me);
    if (left) next.push([`${name} waits no longer`, left]);
  }
  const released = release(state, me);
  if (released) next.push([`${name} releases`, released]);
  if (state.deathsLeft > 0 && (rotator?.at !== 'rest' || rotator.term !== 0)) {
    next.push([`${name} dies`, die(state, me)]);
  }
  return next;
}

/** What it has sent may still arrive. */
function leave(state: State, me: number): State | undefined {
  const flight = state.flights[me];
  if (!flight || state.flights[2]) return undefined;
  return withFlight(withFlight(rest(state, me), me, undefined), 2, flight);
}

/** A process that stops lets another lead at once, and says how long its pushes may take. */
function release(state: State, me: number): State | undefined {
  const rotator = state.rotators[me];
  const { lease, airs } = state;
  const air = airs[me];
  if (!air || rotator?.at !== 'rest' || rotator.term === 0 || lease.holder !== me) return undefined;
  const own = air.sent.map(({ jwt, age }) => (jwt === undefined ? 1 : SAFE_TICKS + 1 - age));
  const busy = Math.max(air.others, ...own);
  const free: State = { ...state, lease: { ...lease, holder: undefined, age: 0, busy } };
  return withRotator(free, me, { at: 'rest', term: 0 });
}

/** Takes or renews the lease, or learns that another has it. Undefined: nothing would change. */
function take(state: State, me: number): State | undefined {
  const { lease } = state;
  const rotator = state.rotators[me];
  if (!rotator) return undefined;
  if (lease.holder === me) {
    if (lease.age === 0 && rotator.term === lease.term) return undefined;
    const renewed = { ...state, lease: { ...lease, age: 0 } };
    return withRotator(renewed, me, { ...rotator, term: lease.term });
  }
  if (lease.term > 0 && lease.age === 0 && lease.busy === undefined) {
    return rotator.term === 0 ? undefined : withRotator(state, me, { ...rotator, term: 0 });
  }
  const term = Math.min(lease.term + 1, 2);
  // Before the first term nobody has pushed.
  const others = lease.term === 0 ? 0 : (lease.busy ?? 2);
  const taken = { ...state, lease: { holder: me, term, age: 0 } };
  const sent = state.airs[me]?.sent ?? [];
  return withRotator(withAir(taken, me, { others, sent }), me, { ...rotator, term });
}

function act(state: State, me: number, oracle: Oracle): Next | undefined {
  const rotator = state.rotators[me];
  switch (rotator?.at) {
    case 'rest': {
      if (rotator.term === 0) return undefined;
      const { term } = rotator;
      const turn = { term, turnTerm: term, ring: state.ring, fresh: true, age: 0 };
      return ['reads', withRotator(state, me, { at: 'read', ...turn })];
    }
    case 'read': {
      const found = state.servers.map(({ stored, applied }) => ({ stored, applied }));
      const looked = withRotator(state, me, { ...rotator, at: 'looked', found });
      return ['looks', landed(looked, me, found)];
    }
    case 'looked': {
      const { ring, turnTerm, found, age } = rotator;
      const confirmed =
        age === 0 || oracle.mutant === 'trusts old looks'
          ? oracle.assess(ring, found).confirmed
          : [];
      const inFlight = inAirOf(state, me, oracle);
      const next = oracle.step(ring, { term: turnTerm, confirmed, inFlight, newKey: `n${me}` });
      const at = next === ring ? 'stored' : 'decided';
      return ['decides', withRotator(state, me, { ...rotator, at, next })];
    }
    case 'decided': {
      if (!rotator.fresh) return ['is too late', rest(state, me)];
      const stored = writeRing(state, rotator.next);
      return ['stores', withRotator(stored, me, { ...rotator, at: 'stored', ring: rotator.next })];
    }
    case 'stored':
      return ['checks', check(state, me, rotator, oracle)];
    case 'pushing':
    case undefined:
      return undefined;
  }
}

/** Of what each account JWT lists that may still arrive: of nothing that is known, nothing. */
function inAirOf({ lease, airs }: State, me: number, { mutant }: Oracle): (readonly string[])[] {
  const held = lease.holder === me && lease.age === 0;
  const { others, sent } = airs[me] ?? { others: 1, sent: [] };
  if (!held && mutant !== 'does not ask for the lease') return [[]];
  const known = sent.filter(({ jwt }) =>
    jwt === undefined
      ? mutant !== 'forgets servers that load'
      : mutant !== 'forgets what has not landed',
  );
  return [
    ...(others > 0 && mutant !== 'does not wait for others' ? [[]] : []),
    ...known.map(({ jwt }) => (jwt === undefined ? [] : keysOf(jwt))),
  ];
}

/** A push has landed when all servers hold exactly that; those that have not loaded the account may be about to load another. */
function landed(state: State, me: number, found: readonly Found[]): State {
  const air = state.airs[me];
  const iats = new Set(
    found.flatMap(({ stored, applied }) => [stored, applied ?? stored].map(iatOf)),
  );
  const [iat] = iats;
  if (!air || iats.size > 1) return state;
  const left = air.sent.filter(({ jwt }) => jwt === undefined || iatOf(jwt) !== iat);
  if (left.length === air.sent.length) return state;
  const loading = found.some(({ applied }) => applied === undefined) ? [{ age: 0 }] : [];
  return withAir(state, me, { ...air, sent: [...left, ...loading] });
}

/** The lease is asked for at this moment; when the push arrives is another matter. */
function check(
  state: State,
  me: number,
  { next, found, age, term }: Rotator & { at: 'stored' },
  oracle: Oracle,
): State {
  const { push } = oracle.assess(next, found);
  const held = state.lease.holder === me && state.lease.age === 0;
  if (push === undefined || age > 0 || !held) return rest(state, me);
  const flying = withFlight(state, me, { jwt: push, age: 0, pending: (1 << found.length) - 1 });
  const air = state.airs[me] ?? { others: 0, sent: [] };
  const sent = withAir(flying, me, { ...air, sent: [...air.sent, { jwt: push, age: 0 }] });
  return withRotator(sent, me, { at: 'pushing', term });
}

/** Its successor is another holder. What it has sent may still arrive. */
function die(state: State, me: number): State {
  const flight = state.flights[me];
  const { lease } = state;
  const dead: State = {
    ...state,
    lease: { ...lease, holder: lease.holder === me ? undefined : lease.holder },
    deathsLeft: state.deathsLeft - 1,
  };
  const sent = flight ? withFlight(withFlight(dead, 2, flight), me, undefined) : dead;
  const forgot = withAir(sent, me, { others: 2, sent: [] });
  return withRotator(forgot, me, { at: 'rest', term: 0 });
}

/** Whoever read the ring before can't write it any more. */
export function writeRing(state: State, ring: string): State {
  const before = new Map(readKeys(state.ring).map((key) => [key.name, key]));
  for (const { name, state: now } of readKeys(ring)) {
    const was = before.get(name)?.state;
    if (was === 'retired' && now !== 'retired') throw new Error(`${name} comes back to life`);
    if (now === 'active' && was !== 'active' && was !== 'staged')
      throw new Error(`${name} was not staged`);
    if (now === 'retired' && was !== 'retired' && state.credentials[name] !== undefined) {
      throw new Error(`${name} is retired while a credential of it lives`);
    }
  }
  const outdated = (rotator: Rotator) =>
    'fresh' in rotator ? { ...rotator, fresh: false } : rotator;
  const [a, b] = state.rotators;
  return { ...state, ring, rotators: [outdated(a), outdated(b)] };
}

export function rest(state: State, me: number): State {
  return withRotator(state, me, { at: 'rest', term: state.rotators[me]?.term ?? 0 });
}

function withAir(state: State, me: number, air: Air): State {
  const [a, b] = state.airs;
  return { ...state, airs: me === 0 ? [air, b] : [a, air] };
}

function withRotator(state: State, me: number, rotator: Rotator): State {
  const [a, b] = state.rotators;
  return { ...state, rotators: me === 0 ? [rotator, b] : [a, rotator] };
}

export function withFlight(state: State, slot: number, flight: State['flights'][number]): State {
  const [a, b, dead] = state.flights;
  if (slot === 0) return { ...state, flights: [flight, b, dead] };
  return { ...state, flights: slot === 1 ? [a, flight, dead] : [a, b, flight] };
}
