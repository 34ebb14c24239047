import { expect, test } from 'vitest';
import type { PresentServer } from '../../../src/account/system/ask-servers.ts';
import { Roster } from '../../../src/account/system/roster.ts';

/** Servers that answer: id → ids that they have routes to. Their names are the ids in lower case, without digits. */
function answered(servers: Readonly<Record<string, readonly string[]>>, cluster = 'c') {
  const name = (id: string) => id.toLowerCase().replace(/\d/, '');
  const present = Object.entries(servers).map(([id, peers]): [string, PresentServer] => [
    id,
    { id, name: name(id), cluster, peers: new Map(peers.map((peer) => [peer, name(peer)])) },
  ]);
  const routed = new Map(present.flatMap(([, { peers }]) => [...peers]));
  return { present: new Map(present), routed };
}

const ALL = { A: ['B', 'C'], B: ['A', 'C'], C: ['A', 'B'] };

function rosterOfAll(): Roster {
  const roster = new Roster();
  expect(roster.update(answered(ALL), 0)).toEqual(new Map());
  return roster;
}

test('a server that another has a route to and that does not answer is silent', () => {
  const roster = rosterOfAll();
  const silent = roster.update(answered({ A: ['B', 'C'], B: ['A', 'C'] }), 1000);
  expect(silent).toEqual(new Map([['C', 'c']]));
  expect(roster.silent).toEqual(new Set(['C']));
  expect(roster.update(answered(ALL), 2000)).toEqual(new Map());
});

test('a server that its peers have no route to any more is gone', () => {
  expect(rosterOfAll().update(answered({ A: ['B'], B: ['A'] }), 1000)).toEqual(new Map());
});

test('servers that only a new one could know of stay silent for a minute: it may not have found them yet', () => {
  const roster = rosterOfAll();
  // A has started again under a new id and has no routes yet.
  expect(roster.update(answered({ A2: [] }), 1000)).toEqual(
    new Map([
      ['B', 'b'],
      ['C', 'c'],
    ]),
  );
  expect(roster.update(answered({ A2: ['B', 'C'], B: ['A2', 'C'], C: ['A2', 'B'] }), 2000)).toEqual(
    new Map(),
  );
});

test('servers of another cluster that falls silent are forgotten after a minute', () => {
  const roster = new Roster();
  roster.update(answered({ X: [] }, 'other'), 0);
  expect(roster.update(answered({ A: [] }), 59_999)).toEqual(new Map([['X', 'x']]));
  expect(roster.update(answered({ A: [] }), 60_000)).toEqual(new Map());
});

test('a server that comes back under its name replaces the one it was', () => {
  const roster = rosterOfAll();
  expect(roster.update(answered({ A2: ['B2'], B2: ['A2'], C2: [] }), 1000)).toEqual(new Map());
});
