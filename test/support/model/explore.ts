import { type Code, keysOf, type Oracle, oracleOf, REAL } from './account.ts';
import { actions } from './actions.ts';
import { canonical } from './canonical.ts';
import { readKeys } from './rings.ts';
import type { Server, State } from './state.ts';

/** What must hold of every state. Throws where it does not. */
function check(state: State, oracle: Oracle, mended: Set<string>): void {
  if (!state.drift) {
    for (const key of Object.keys(state.credentials)) {
      for (const server of state.servers) {
        if (!keysOf(inForce(server)).includes(key)) throw new Error(`a server refuses ${key}`);
      }
    }
  }
  checkMending(state, oracle, mended);
}

/** What a server goes by, or will as soon as a client connects. */
function inForce({ applied, loading, stored }: Server): string {
  return applied ?? loading ?? stored;
}

/** Passes that a rotator may need until the servers have what the ring says. */
const MENDING_PASSES = 4;

/** Whatever has happened: left alone, one rotator brings all servers to what the ring says. */
function checkMending(state: State, oracle: Oracle, mended: Set<string>): void {
  const id = `${state.ring}|${state.servers.map((s) => `${s.stored}/${s.applied}/${s.loading}`).join('|')}`;
  if (mended.has(id)) return;
  mended.add(id);
  let { ring } = state;
  let servers = state.servers.map((server) => ({
    ...server,
    applied: server.applied ?? server.loading,
  }));
  for (let pass = 0; pass < MENDING_PASSES; pass += 1) {
    const { confirmed } = oracle.assess(ring, servers);
    ring = oracle.step(ring, { term: 2, confirmed, inFlight: [[]], newKey: `n${pass}` });
    const { push } = oracle.assess(ring, servers);
    if (push === undefined) break;
    servers = servers.map((server) => ({
      ...server,
      stored: push,
      applied: server.applied && push,
    }));
  }
  for (const { stored, applied } of servers) {
    for (const { name, state } of readKeys(ring)) {
      const listed = keysOf(applied ?? stored).includes(name);
      if (listed === (state === 'retired')) throw new Error(`${name} is ${state}, and not mended`);
    }
  }
}

/** One action after the other, by how their labels begin; of several (`|`), whichever can happen, while one can. */
export type Script = readonly string[];

export interface Explored {
  readonly states: number;
  readonly depth: number;
  /** Of the states, those with keys missing because of a push that came late. */
  readonly drifted: number;
  /** Distinct states of ring and servers that a rotator was shown to repair. */
  readonly mended: number;
  /** What must never be, with the way to it; undefined: it was not found. */
  readonly violation: string | undefined;
}

interface Node {
  readonly state: State;
  readonly label: string;
  readonly from: Node | undefined;
}

/**
 * Every interleaving of what can happen, breadth first, up to `depth` actions after the script.
 * States that behave alike are looked at once.
 */
export function explore({
  start,
  depth,
  code = REAL,
}: {
  start: State;
  depth: number;
  code?: Code;
}): Explored {
  const oracle = oracleOf(code);
  const mended = new Set<string>();
  const first = canonical(start);
  const seen = new Set([hash(first.text)]);
  let drifted = 0;
  const result = (at: number, violation?: string): Explored => ({
    states: seen.size,
    depth: at,
    drifted,
    mended: mended.size,
    violation,
  });
  let frontier: Node[] = [{ state: first.state, label: 'start', from: undefined }];
  for (let at = 0; at < depth && frontier.length > 0; at += 1) {
    const found: Node[] = [];
    for (const node of frontier) {
      try {
        for (const [label, state] of actions(node.state, oracle)) {
          const next = canonical(settled(state));
          const id = hash(next.text);
          if (seen.has(id)) continue;
          seen.add(id);
          const reached = { state: next.state, label, from: node };
          found.push(reached);
          if (next.state.drift) drifted += 1;
          violated(reached, () => check(next.state, oracle, mended));
        }
      } catch (error) {
        const violation = error instanceof Violation ? error : new Violation(error, node);
        return result(at + 1, violation.message);
      }
    }
    frontier = found;
  }
  return result(depth);
}

/** Follows a script from a state. Throws where the script asks for what can't happen. */
export function follow(start: State, script: Script): State {
  const oracle = oracleOf(REAL);
  let state = canonical(start).state;
  const go = (wanted: string): boolean => {
    const next = actions(state, oracle).find(([label]) =>
      wanted.split('|').some((w) => label.startsWith(w)),
    );
    if (next) state = canonical(settled(next[1])).state;
    return next !== undefined;
  };
  for (const wanted of script) {
    if (!go(wanted)) throw new Error(`"${wanted}" can't happen`);
    if (wanted.includes('|')) while (go(wanted));
  }
  return state;
}

/** The drift ends when all servers have everything that the ring trusts. */
function settled(state: State): State {
  if (!state.drift) return state;
  const trusted = readKeys(state.ring).filter((key) => key.state !== 'retired');
  const whole = state.servers.every((server) =>
    trusted.every(({ name }) => keysOf(inForce(server)).includes(name)),
  );
  return whole ? { ...state, drift: false } : state;
}

class Violation extends Error {
  constructor(cause: unknown, node: Node) {
    const way: string[] = [];
    for (let at: Node | undefined = node; at; at = at.from) way.unshift(at.label);
    super(`${cause instanceof Error ? cause.message : String(cause)}, after: ${way.join(', ')}`, {
      cause,
    });
  }
}

function violated(node: Node, check: () => void): void {
  try {
    check();
  } catch (error) {
    throw new Violation(error, node);
  }
}

/** 53 bits (cyrb53): of a million states two are the same with a probability of 1 in 18,000. */
function hash(text: string): number {
  let one = 0xdeadbeef;
  let two = 0x41c6ce57;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    one = Math.imul(one ^ code, 2654435761);
    two = Math.imul(two ^ code, 1597334677);
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(two ^ (two >>> 13), 3266489909);
  two = Math.imul(two ^ (two >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  return 4294967296 * (2097151 & two) + (one >>> 0);
}
