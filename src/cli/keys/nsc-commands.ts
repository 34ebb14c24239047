import type { AccountAnswer, KeyTemplate } from '../../admin-api/keys.ts';
import { slotName } from './key-text.ts';

export interface NextKey {
  /** Name of the account, which nsc is expected to use too. */
  readonly account: string;
  /** Role, or `*`. */
  readonly slot: string;
  /** The permissions of the key's users; undefined for a key that is tied to no role. */
  readonly template?: KeyTemplate;
  /** The day, `2026-11-02`: part of the file name, so that no key overwrites another. */
  readonly day: string;
}

/**
 * The shell commands that make the next signing key of an account in nsc, add it to the account JWT
 * and push that. The seed goes into a file, never to the screen (nsc 2.8 prints both keys to stderr,
 * newer versions to stdout).
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
 * The shell commands that remove a signing key from an account JWT in nsc. Until then the servers
 * accept what it signed.
 */
export function removalCommands(account: string, publicKey: string): string[] {
  return [
    `nsc edit account --name ${quoted(account)} --rm-sk ${quoted(publicKey)}`,
    `nsc push --account ${quoted(account)}`,
  ];
}

/** The line to add to the configuration, below `accounts.NAME.signingKeys`. */
export function givenKeyLine({ account, slot, day }: NextKey): string {
  const file = `{ file: ${JSON.stringify(fileName(account, slot, day))} }`;
  return slot === '*' ? `- ${file}` : `- { seed: ${file}, role: ${JSON.stringify(slot)} }`;
}

/** Slots of a rotating external account that have at most one unused key left. */
export function slotsRunningLow({ kind, next_rotation_at, keys }: AccountAnswer): string[] {
  if (kind !== 'external' || next_rotation_at === null) return [];
  const signing = new Set(keys.flatMap(({ state, slot }) => (state === 'active' ? slot : [])));
  return [...signing].filter((slot) => keysLeft(keys, slot) < 2);
}

/** Keys of a slot that have not signed yet. */
function keysLeft(keys: AccountAnswer['keys'], slot: string): number {
  return keys.filter((key) => key.slot === slot && key.state === 'staged').length;
}

export function nextKeyTitle(account: AccountAnswer, slot: string): string {
  const left = keysLeft(account.keys, slot);
  const how = left === 0 ? 'No unused key is left' : 'Only one unused key is left';
  return `${how} for ${slotName(slot)} of ${account.account}. To add one with nsc:`;
}

function templateFlags(template: KeyTemplate): string[] {
  const { pub, sub, resp, src, times = [], times_location, allowed_connection_types } = template;
  return [
    ...listFlags('--allow-pub', pub?.allow),
    ...listFlags('--deny-pub', pub?.deny),
    ...listFlags('--allow-sub', sub?.allow),
    ...listFlags('--deny-sub', sub?.deny),
    ...(resp ? [`--allow-pub-response=${resp.max}`, `--response-ttl ${resp.ttl}ns`] : []),
    // Written even without a limit: nsc would set them to 0 on a key that was not scoped before.
    ...(['subs', 'data', 'payload'] as const).map((limit) => `--${limit}=${template[limit]}`),
    ...listFlags('--source-network', src),
    ...times.map(({ start, end }) => `--time ${quoted(`${start}-${end}`)}`),
    ...(times_location === undefined ? [] : [`--locale ${quoted(times_location)}`]),
    ...listFlags('--conn-type', allowed_connection_types),
  ];
}

/** nsc parses the values of these flags as CSV. */
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
