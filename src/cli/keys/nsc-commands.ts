import type { AccountAnswer, KeyTemplate } from '../../admin-api/keys.ts';
import { slotName } from './key-text.ts';

export interface NextKey {
  /** The account's name; nsc is expected to know it by the same. */
  readonly account: string;
  /** Role, or `*`. */
  readonly slot: string;
  /** What the key's users may do; undefined for a key that is tied to no role. */
  readonly template?: KeyTemplate;
  /** The day, `2026-11-02`: part of the file's name, so that no key replaces another. */
  readonly day: string;
}

/**
 * The commands that make the next signing key of an account that its operator keeps with nsc, list
 * it in the account JWT and push that; lines for a POSIX shell. The seed goes into a file, never
 * onto the screen (nsc 2.8 prints both keys to stderr, newer ones to stdout).
 */
export function nscCommands({ account, slot, template, day }: NextKey): string[] {
  const file = fileName(account, slot, day);
  const scoped = template && [
    [
      `nsc edit signing-key --account ${quoted(account)} --sk "$sk" --role ${quoted(slot)}`,
      ...templateFlags(template),
    ].join(' \\\n  '),
  ];
  return [
    'key=$(nsc generate nkey --account 2>&1)',
    `(umask 077; set -C; echo "$key" | grep '^SA' > ${quoted(file)})`,
    `sk=$(echo "$key" | grep '^A'); unset key`,
    `nsc edit account --name ${quoted(account)} --sk "$sk"`,
    ...(scoped ?? []),
    `nsc push --account ${quoted(account)}`,
  ];
}

/**
 * The commands that take a signing key out of an account JWT that its operator keeps with nsc: until
 * then the servers accept what it signed.
 */
export function removalCommands(account: string, publicKey: string): string[] {
  return [
    `nsc edit account --name ${quoted(account)} --rm-sk ${quoted(publicKey)}`,
    `nsc push --account ${quoted(account)}`,
  ];
}

/** What to write into the configuration then, below `accounts.NAME.signingKeys`. */
export function givenKeyLine({ account, slot, day }: NextKey): string {
  const file = `{ file: ${JSON.stringify(fileName(account, slot, day))} }`;
  return slot === '*' ? `- ${file}` : `- { seed: ${file}, role: ${JSON.stringify(slot)} }`;
}

/** Slots of an external account that rotates and has at most one given key left for them. */
export function slotsRunningLow({ kind, next_rotation_at, keys }: AccountAnswer): string[] {
  if (kind !== 'external' || next_rotation_at === null) return [];
  const signing = new Set(keys.flatMap(({ state, slot }) => (state === 'active' ? slot : [])));
  return [...signing].filter((slot) => keysLeft(keys, slot) < 2);
}

/** Given keys of a slot that have not signed yet. */
function keysLeft(keys: AccountAnswer['keys'], slot: string): number {
  return keys.filter((key) => key.slot === slot && key.state === 'staged').length;
}

export function nextKeyTitle(account: AccountAnswer, slot: string): string {
  const left = keysLeft(account.keys, slot);
  const how = left === 0 ? 'No given key is left' : 'Only one given key is left';
  return `${how} for ${slotName(slot)} of ${account.account}. To add the next one with nsc:`;
}

function templateFlags(template: KeyTemplate): string[] {
  const { pub, sub, resp, src, times = [], times_location, allowed_connection_types } = template;
  return [
    ...listFlags('--allow-pub', pub?.allow),
    ...listFlags('--deny-pub', pub?.deny),
    ...listFlags('--allow-sub', sub?.allow),
    ...listFlags('--deny-sub', sub?.deny),
    ...(resp ? [`--allow-pub-response=${resp.max}`, `--response-ttl ${resp.ttl}ns`] : []),
    // Said also when there is no limit: nsc makes them 0 on a key that was not scoped before.
    ...(['subs', 'data', 'payload'] as const).map((limit) => `--${limit}=${template[limit]}`),
    ...listFlags('--source-network', src),
    ...times.map(({ start, end }) => `--time ${quoted(`${start}-${end}`)}`),
    ...(times_location === undefined ? [] : [`--locale ${quoted(times_location)}`]),
    ...listFlags('--conn-type', allowed_connection_types),
  ];
}

/** nsc reads the values of these flags as a line of CSV. */
function listFlags(flag: string, values: readonly string[] = []): string[] {
  return values.map((value) => {
    const csv = /[",]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
    return `${flag} ${quoted(csv)}`;
  });
}

/** As one word for a POSIX shell, whatever it holds. */
function quoted(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function fileName(account: string, slot: string, day: string): string {
  const parts = slot === '*' ? [account, day] : [account, slot, day];
  return `${parts.map((part) => part.replaceAll(/[^\w-]/g, '_')).join('-')}.nk`;
}
