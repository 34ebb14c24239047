import { FOREIGN, jwtOf } from './account.ts';
import { follow, type Script } from './explore.ts';
import type { State } from './state.ts';

/** Three servers that have loaded an account which nats-sts has never seen; nobody leads. */
export const BEGINNING: State = {
  ring: '',
  lease: { holder: undefined, term: 0, age: 0 },
  rotators: [
    { at: 'rest', term: 0 },
    { at: 'rest', term: 0 },
  ],
  airs: [
    { others: 2, sent: [] },
    { others: 2, sent: [] },
  ],
  flights: [undefined, undefined, undefined],
  servers: [0, 1, 2].map(() => ({
    stored: jwtOf(0, [FOREIGN]),
    applied: jwtOf(0, [FOREIGN]),
    loading: undefined,
  })),
  signer: { key: undefined, raised: false, age: 0 },
  credentials: {},
  drift: false,
  deathsLeft: 1,
  revocationsLeft: 1,
};

/** One turn, without a pause, and what it pushes arrives. */
const turn = (name: string): Script => [
  `${name} reads`,
  ['looks', 'decides', 'stores', 'checks', 'reaches'].map((act) => `${name} ${act}`).join('|'),
];
const renews = (name: string): Script => ['time passes', `${name} takes`];

/** A has led, and knows that B leads now. */
const SECOND_TERM: Script = ['A takes', ...renews('B'), 'A takes'];

/** A has led, B leads now; a key signs and another is staged everywhere, as old as it must be. */
export const STEADY: State = follow(BEGINNING, [
  ...SECOND_TERM,
  ...turn('B'),
  ...turn('B'),
  ...renews('B'),
  ...renews('B'),
  ...turn('B'),
  ...turn('B'),
  ...renews('B'),
  ...renews('B'),
  'signer sees',
  'signer signs',
]);

/** The same, after a rotation: the old key drains. */
export const DRAINING: State = follow(STEADY, ['ask', ...turn('B'), ...turn('B')]);

/** And after another one right behind it, before any time has passed. */
export const TWO_ROTATIONS: State = follow(DRAINING, [
  'signer sees',
  'signer signs',
  'ask',
  ...turn('B'),
  ...turn('B'),
]);

/** A rotation was asked for, and B has seen that the staged key is everywhere: what it decides now may be stored late. */
export const DECIDING: State = follow(STEADY, ['ask', 'B reads', 'B looks']);

/** One server has not loaded the account when the first key is about to be pushed. */
export const COLD: State = follow(
  {
    ...BEGINNING,
    servers: BEGINNING.servers.map((server, i) =>
      i === 0 ? { ...server, applied: undefined } : server,
    ),
  },
  [...SECOND_TERM, 'B reads', 'B looks', 'B decides', 'B stores'],
);

/**
 * B has led for long, and gave up waiting for a push that one server has. Then it made the key sign
 * that this push was the first to list, and staged another, which that push lacks. A rotation is due.
 */
export const LEFT_BEHIND: State = follow(STEADY, [
  'ask',
  'B reads',
  'B looks',
  'B decides',
  'B stores',
  'B checks',
  'B reaches 0',
  'B waits no longer',
  ...turn('B'),
  ...turn('B'),
  'ask',
  ...turn('B'),
  ...turn('B'),
  'ask',
]);

/** One server has not loaded the account when B, which has led for long, pushes the next key. */
const COLD_AND_CALM: State = {
  ...follow(STEADY, ['ask', 'B reads', 'B looks', 'B decides', 'B stores']),
  servers: STEADY.servers.map((server, i) =>
    i === 0 ? { ...server, applied: undefined } : server,
  ),
};

/** That server loads what it stored before the push, which all servers have stored by now. A rotation is due. */
export const LOADING: State = follow(COLD_AND_CALM, [
  'B checks',
  'load ',
  'B reaches|B reaches',
  'ask',
]);

/**
 * B has led for long and does not know that A leads now. A, which read the ring before, pushed an
 * account JWT without the key that B has staged since, and then one with it, which all servers have.
 * The first may still arrive. A rotation is due.
 */
export const NOT_LEADING: State = follow(COLD_AND_CALM, [
  'B checks',
  'load ',
  'B reaches|B reaches',
  ...turn('B'),
  'loaded',
  ...renews('B'),
  ...renews('A'),
  'A reads',
  'A looks',
  'A decides',
  'ask',
  'A checks',
  'A reaches 0',
  'A waits no longer',
  ...turn('B'),
  ...turn('A'),
  'ask',
]);

/**
 * That server took what it had stored just before the push, and applied it just after: it refuses
 * the staged key. The rotator has not looked since.
 */
const BEHIND: State = follow(COLD, ['B checks', 'load ', 'B reaches|B reaches', 'loaded']);

/**
 * Later: A led, has seen that and cured the server, and was paused before the others had what it
 * pushed. B leads again, has made the staged key sign, and has staged another, which A does not
 * know. A rotation is due.
 */
export const OLD_PUSH: State = follow(BEHIND, [
  'B reads',
  'B looks',
  'B decides',
  'B stores',
  'time passes',
  ...renews('A'),
  'B takes',
  'time passes',
  ...renews('A'),
  'A reads',
  'A looks',
  'A decides|A checks',
  'A reaches 0',
  ...renews('B'),
  'B checks',
  ...turn('B'),
  ...turn('B'),
  'ask',
]);
