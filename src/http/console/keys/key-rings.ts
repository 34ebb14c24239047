import { html, type SafeHtml } from '@remix-run/html-template';
import type { AccountAnswer, KeyAnswer, KeysAnswer } from '../../../admin-api/keys.ts';
import { hidden } from '../../pages/elements.ts';
import { scroll } from '../frame.ts';
import { ACTION, cell } from '../tables/table.ts';
import { counted, shortKey, slotName } from '../words.ts';
import { isTrouble, keyText, rotationText } from './key-text.ts';
import { type Axis, axisOf, bar, LEGEND, PATTERNS, scale } from './timeline.ts';

/** Enough at a glance; the others can be found by name. */
const MAX_SLOTS = 40;

/** How many retired keys of each slot to show, the latest. */
const MAX_RETIRED = 2;

export interface KeysView {
  /** Unix seconds. */
  readonly now: number;
  /** Part of a role's name. */
  readonly role?: string | undefined;
}

/** The key ring of each account as a timeline. */
export function keyRings({ accounts }: KeysAnswer, view: KeysView): SafeHtml {
  if (accounts.length === 0) return html`<p class="muted">No accounts yet.</p>`;
  const slots = accounts.flatMap((account) =>
    slotsOf(account).flatMap((slot) => (isAsked(slot, view) ? [{ account, slot }] : [])),
  );
  const shown = slots.slice(0, MAX_SLOTS);
  const cards = accounts.map((account) => {
    const mine = shown.flatMap((one) => (one.account === account ? one.slot : []));
    const complete = slots.length === shown.length && view.role === undefined;
    return mine.length > 0 || complete ? accountCard(account, mine, view.now) : undefined;
  });
  return html`${PATTERNS}${search(slots.length, view)}${LEGEND}<div class="cards">${cards}</div>`;
}

function isAsked(slot: string, { role }: KeysView): boolean {
  return role === undefined || slot.includes(role);
}

/** Shown only if there are more than fit. */
function search(count: number, { role }: KeysView): SafeHtml | undefined {
  if (count <= MAX_SLOTS && role === undefined) return undefined;
  const found =
    count > MAX_SLOTS
      ? `The first ${MAX_SLOTS} of ${counted(count, 'slot')}.`
      : `${counted(count, 'slot')} found.`;
  return html`<form class="filters row" method="get" action="/console" role="search" aria-label="Find keys">
<div class="field"><label for="filter-role">Role, or part of its name</label><input id="filter-role" name="role" type="text" value="${role ?? ''}" autocomplete="off"></div>
<button class="button secondary" type="submit">Find</button> <span class="muted">${found}</span>${
    role === undefined ? undefined : html` <a class="clear" href="/console">Show all</a>`
  }
</form>`;
}

/** Wanted slots first, then others that still exist. */
function slotsOf({ slots, keys }: AccountAnswer): string[] {
  return [...new Set([...slots.map(({ slot }) => slot), ...keys.map(({ slot }) => slot)])];
}

function accountCard(account: AccountAnswer, slots: readonly string[], now: number): SafeHtml {
  const { account: name, kind, spare_keys, keys, next_rotation_at, obstacle } = account;
  const rotates = keys.length > 0;
  return html`<article class="card account">
<div class="heading"><h3>${name}</h3><span class="tag">${kind}</span>${
    rotates ? html`<span class="tag">${rotationText(next_rotation_at, now)}</span>` : undefined
  }${spare_keys === null ? undefined : html`<span class="tag${spare_keys === 0 ? ' warn' : ''}">${counted(spare_keys, 'unused key')}</span>`}${
    rotates ? rotateForm({ account: name }, `Rotate all keys of ${name}`) : undefined
  }</div>
${obstacle ? html`<p class="card notice warn" role="status">Its keys cannot be rotated right now: ${obstacle}</p>` : undefined}
${rotates ? keyTable(account, slots, now) : html`<p class="muted">${noKeys(account)}</p>`}
</article>`;
}

function noKeys({ kind }: AccountAnswer): string {
  return kind === 'managed'
    ? 'No keys yet: the rotator creates the first ones.'
    : 'Its keys are in the configuration and do not rotate.';
}

function keyTable(account: AccountAnswer, slots: readonly string[], now: number): SafeHtml {
  const shown = slots.map((slot) => ({ slot, ...keysOf(account, slot) }));
  const axis = axisOf(
    { keys: shown.flatMap(({ keys }) => keys), next_rotation_at: account.next_rotation_at },
    now,
  );
  return scroll(
    `Keys of ${account.account}`,
    html`<table class="keys"><thead><tr><th scope="col">Key</th><th scope="col">State</th><th scope="col" class="timeline">${scale(axis)}</th><th scope="col">When</th><th scope="col">Alive</th><th scope="col"><span class="hidden">Action</span></th></tr></thead>${shown.map(
      (slot) => slotRows(account, slot, axis),
    )}</table>`,
  );
}

/** In the order of staging, without long-retired keys. */
function keysOf({ keys }: AccountAnswer, slot: string) {
  const mine = keys.filter((key) => key.slot === slot);
  const retired = new Set(mine.filter(({ state }) => state === 'retired').slice(-MAX_RETIRED));
  const shown = mine.filter((key) => key.state !== 'retired' || retired.has(key));
  return { keys: shown, left: mine.length - shown.length };
}

function slotRows(
  account: AccountAnswer,
  { slot, keys, left }: { slot: string; keys: readonly KeyAnswer[]; left: number },
  axis: Axis,
): SafeHtml {
  const role = keys.find(({ role }) => role !== null)?.role;
  const more =
    left === 0
      ? undefined
      : html` <span class="muted">and ${counted(left, 'key')} retired earlier</span>`;
  return html`<tbody><tr class="slot"><th scope="rowgroup" colspan="5">${slotName(slot)}${more}</th><td>${
    role
      ? rotateForm({ account: account.account, role }, `Rotate role ${role}`, 'Rotate')
      : undefined
  }</td></tr>${keys.map((key) => keyRow(account, key, axis))}</tbody>`;
}

function keyRow(account: AccountAnswer, key: KeyAnswer, axis: Axis): SafeHtml {
  const text = keyText(key, account, axis.now);
  return html`<tr>${cell('Key', shortKey(key.public_key))}${cell('State', stateTag(key))}<td class="timeline">${bar(axis, key, `${key.state}: ${text}`)}</td>${cell('When', text)}${cell('Alive', alive(key))}${cell(
    ACTION,
    key.state === 'retired' ? undefined : revokeForm(key),
  )}</tr>`;
}

const STATE_TAG = { staged: '', active: ' good', draining: ' warn', retired: ' off' } as const;

function stateTag(key: KeyAnswer): SafeHtml {
  const name = isTrouble(key) ? ' bad' : STATE_TAG[key.state];
  return html`<span class="tag${name}">${key.state}</span>`;
}

function alive({ state, credentials_alive, sessions }: KeyAnswer): SafeHtml | undefined {
  if (state === 'retired' && credentials_alive === 0) return undefined;
  const connected = sessions === null ? '' : `, ${counted(sessions, 'connection')}`;
  return html`${counted(credentials_alive, 'credential')}${connected}`;
}

/** Without account and role: everything. */
export function rotateForm(
  target: { readonly account?: string; readonly role?: string },
  label: string,
  text = label,
): SafeHtml {
  return html`<form method="post" action="/console/rotate">${hidden(target)}<button class="button small secondary" type="submit" aria-label="${label}">${text}</button></form>`;
}

function revokeForm({ public_key: key }: KeyAnswer): SafeHtml {
  return html`<form method="post" action="/console/keys/revoke">${hidden({ key })}<button class="button small danger" type="submit" aria-label="Revoke key ${key.slice(0, 8)}…">Revoke…</button></form>`;
}
