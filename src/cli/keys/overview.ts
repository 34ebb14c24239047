import { textWidth } from '../text-width.ts';
import type { AccountAnswer, KeyAnswer, KeysAnswer } from '../../admin-api/keys.ts';
import { type Cell, type Column, table } from '../table.ts';
import { harmless, styled, type Terminal } from '../terminal.ts';
import { localTime, relativeTime } from '../time.ts';
import { isTrouble, keyText, rotationText, shortKey, slotName, STATE_STYLE } from './key-text.ts';
import { givenKeyLine, nextKeyTitle, nscCommands, slotsRunningLow } from './nsc-commands.ts';
import { type Axis, axisOf, bar, LEGEND, scale } from './timeline.ts';

interface View {
  readonly terminal: Terminal;
  /** Unix seconds. */
  readonly now: number;
  /** Show full public keys. */
  readonly wide: boolean;
}

const INDENT = '   ';
const GAP = 2;
const STATE_WIDTH = 'draining'.length;
/** Width of the timeline; `usual` in a pipe, which has no width. */
const TIMELINE = { least: 12, most: 60, usual: 40 };

/** All keys, for people: what signs, since when and until when, and what the operator must do. */
export function keysOverview({ accounts, rotator }: KeysAnswer, view: View): string {
  if (accounts.length === 0) return 'no account\n';
  const parts = accounts.map((account) => accountText(account, view));
  return [...parts, `${rotatorLine(rotator, view)}\n${LEGEND}\n`].join('\n');
}

function accountText(account: AccountAnswer, view: View): string {
  const width = timelineWidth(account, view);
  const axis = axisOf(account.keys, {
    now: view.now,
    nextRotationAt: account.next_rotation_at,
    width,
  });
  const slots = [...new Set([...account.keys, ...account.slots].map(({ slot }) => slot))];
  return [
    `${heading(account, view)}\n`,
    ...(account.obstacle ? [obstacleLine(account.obstacle, view)] : []),
    ...(slots.length === 0 ? [' no key yet\n'] : [scaleLine(axis, view)]),
    ...slots.map((slot) => slotText(slot, account, { ...view, axis })),
    ...slotsRunningLow(account).map((slot) => nextKeyText(account, slot, view)),
  ].join('');
}

function obstacleLine(why: string, { terminal }: View): string {
  return ` ${styled(terminal, 'red', harmless(`its keys cannot be rotated now: ${why}`))}\n`;
}

function heading(account: AccountAnswer, { terminal, now, wide }: View): string {
  const { account: name, public_key, kind, next_rotation_at, spare_keys } = account;
  const facts = [
    wide ? public_key : shortKey(public_key),
    kind,
    next_rotation_at === null ? 'rotates only on request' : rotationText(next_rotation_at, now),
    ...(spare_keys === null ? [] : [`unused keys: ${spare_keys}`]),
  ];
  return `${styled(terminal, 'bold', harmless(name))}  ${harmless(facts.join(', '))}`;
}

function slotText(slot: string, account: AccountAnswer, view: View & { axis: Axis }): string {
  const { terminal, axis } = view;
  const keys = account.keys.filter((key) => key.slot === slot);
  if (keys.length === 0) return ` ${harmless(slotName(slot))}\n${INDENT}no key yet\n`;
  const columns: readonly Column[] = [
    { title: 'KEY', atLeast: keyWidth(view) },
    { title: 'STATE', atLeast: STATE_WIDTH },
    { title: 'TIMELINE', atLeast: axis.past + 1 + axis.future },
    { title: 'WHEN', shrinkTo: 16 },
  ];
  const rows = keys.map((key) => keyRow(key, account, view));
  const inner = { ...terminal, columns: terminal.columns && terminal.columns - INDENT.length };
  const lines = table(inner, columns, rows, { header: false }).trimEnd().split('\n');
  const title = ` ${harmless(slotName(slot))}\n`;
  return title + lines.map((line) => `${INDENT}${line}\n`).join('');
}

function keyRow(
  key: KeyAnswer,
  account: AccountAnswer,
  { axis, now, wide }: View & { axis: Axis },
) {
  const style = isTrouble(key) ? 'red' : STATE_STYLE[key.state];
  const text = keyText(key, account, now);
  const cells: Cell[] = [
    wide ? key.public_key : shortKey(key.public_key),
    { text: key.state, style },
    { text: bar(axis, key, account.next_rotation_at), style },
    isTrouble(key) ? { text, style } : text,
  ];
  return cells;
}

function scaleLine(axis: Axis, view: View): string {
  const before = INDENT.length + keyWidth(view) + GAP + STATE_WIDTH + GAP;
  return `${' '.repeat(before)}${styled(view.terminal, 'dim', scale(axis))}\n`;
}

function keyWidth({ wide }: View): number {
  return wide ? 56 : 13;
}

/** What the other columns leave. */
function timelineWidth(account: AccountAnswer, view: View): number {
  const { columns } = view.terminal;
  if (columns === undefined) return TIMELINE.usual;
  const texts = account.keys.map((key) => textWidth(harmless(keyText(key, account, view.now))));
  const others = INDENT.length + keyWidth(view) + STATE_WIDTH + 3 * GAP + Math.max(0, ...texts);
  return Math.min(Math.max(columns - others, TIMELINE.least), TIMELINE.most);
}

function nextKeyText(account: AccountAnswer, slot: string, { terminal, now }: View): string {
  const title = styled(terminal, 'yellow', harmless(nextKeyTitle(account, slot)));
  const template = account.slots.find((wanted) => wanted.slot === slot)?.template ?? undefined;
  // A scoped key without its permissions would allow everything.
  if (slot !== '*' && template === undefined) {
    return `\n ${title}\n${INDENT}(the service does not send the permissions of this role)\n`;
  }
  const day = localTime(now * 1000).slice(0, 10);
  const next = { account: account.account, slot, day, ...(template && { template }) };
  const lines = nscCommands(next).flatMap((command) => command.split('\n'));
  return [
    `\n ${title}\n`,
    ...lines.map((line) => `${INDENT}${harmless(line)}\n`),
    ` Then add this below signingKeys of the account in the configuration:\n`,
    `${INDENT}${harmless(givenKeyLine(next))}\n`,
  ].join('');
}

function rotatorLine({ leader, lease_until }: KeysAnswer['rotator'], { terminal, now }: View) {
  const expired = lease_until !== null && lease_until < now;
  if (leader === null || expired) {
    return styled(terminal, 'yellow', 'no rotator is running: keys do not rotate');
  }
  const lease =
    lease_until === null ? '' : `, lease ends ${relativeTime(lease_until * 1000, now * 1000)}`;
  return harmless(`rotator: ${leader}${lease}`);
}
