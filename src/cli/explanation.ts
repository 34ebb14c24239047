import { durationText } from '../config/schema/scalars.ts';
import type { Refusal } from '../errors.ts';
import type { PendingKey } from '../keyring/key-ring.ts';
import type { Identity } from '../identity/identity.ts';
import type {
  BindingTrace,
  ConditionTrace,
  Decision,
  Grant,
  SubjectRules,
} from '../policy/policy.ts';
import { inboxPrefix } from '../policy/inbox.ts';
import { type Cell, table } from './table.ts';
import { harmless, styled, type Terminal } from './terminal.ts';

const MAX_SEEN = 200;

/** What the policy decides about one identity. */
export interface Explained {
  readonly identity: Identity;
  /** For unverified claims: why a real token with them would be rejected. */
  readonly rejections: readonly Refusal[] | undefined;
  readonly bindings: readonly BindingTrace[];
  readonly decision: Decision;
  /** What the role waits for before its key signs, if known. */
  readonly pending?: PendingKey | undefined;
}

/** The decision about an identity, for people. Never truncated to the width of the window. */
export function explanation(
  terminal: Terminal,
  { identity, rejections, bindings, decision, pending }: Explained,
  all: boolean,
): string {
  const own = bindings.filter((binding) => all || !isForeign(binding));
  const others = bindings.length - own.length;
  return [
    `${styled(terminal, 'bold', harmless(identity.subject))} of ${identity.issuerName} (${harmless(identity.issuer)})`,
    rejections === undefined ? '' : ', claims not verified',
    '\n',
    ...(rejections ?? []).map((refusal) => rejection(terminal, refusal)),
    '\n',
    own.map((binding) => bindingText(terminal, binding)).join('\n'),
    others > 0 ? `\n${others} more for other issuers (use --all to show them)\n` : '',
    '\n',
    decisionText(terminal, decision),
    ...(pending ? [pendingText(terminal, pending)] : []),
  ].join('');
}

/** The policy decides anyway: the claims were given for that. */
function rejection(terminal: Terminal, { message, reason }: Refusal): string {
  const mark = styled(terminal, 'yellow', 'note');
  return `${mark}  a real token with these claims would be rejected: ${harmless(message)} (${reason})\n`;
}

function isForeign({ conditions }: BindingTrace): boolean {
  return conditions.some(({ on, held }) => on === 'issuer' && !held);
}

function bindingText(
  terminal: Terminal,
  { binding, roles, conditions, held }: BindingTrace,
): string {
  const mark = held ? styled(terminal, 'green', 'holds') : styled(terminal, 'red', 'fails');
  const rows = conditions.map((condition) => conditionRow(condition));
  const columns = [{ title: '' }, { title: '' }, { title: '' }, { title: '' }];
  return (
    `${mark}  ${styled(terminal, 'bold', harmless(binding))} → ${roles.map(harmless).join(', ')}\n` +
    table(terminal, columns, rows, { header: false })
  );
}

function conditionRow({ on, expected, seen, held, note }: ConditionTrace): Cell[] {
  return [
    held ? { text: '    ✓', style: 'green' } : { text: '    ✗', style: 'red' },
    on,
    `wants ${expected}`,
    `${held ? 'has' : 'but has'} ${shown(seen)}${note === undefined ? '' : ` (${note})`}`,
  ];
}

function shown(seen: ConditionTrace['seen']): string {
  if (seen === undefined) return 'none';
  const json = JSON.stringify(seen);
  return json.length > MAX_SEEN ? `${json.slice(0, MAX_SEEN)}…` : json;
}

function decisionText(terminal: Terminal, decision: Decision): string {
  if ('grant' in decision) return grantText(terminal, decision.grant);
  const { refusal, nearest } = decision.denial;
  return [
    `${styled(terminal, 'red', 'denied')}  ${harmless(refusal.message)} (${refusal.reason})\n`,
    refusal.detail === undefined ? '' : `        ${harmless(refusal.detail)}\n`,
    nearest ? `        closest binding: "${harmless(nearest.binding)}"\n` : '',
  ].join('');
}

function grantText(terminal: Terminal, grant: Grant): string {
  const { role, publish, subscribe } = grant;
  const inbox = inboxPrefix(subscribe);
  const rows: Row[] = [
    ...subjects('publish', publish),
    ...subjects('subscribe', subscribe),
    ...list('inbox prefix', inbox === undefined ? undefined : [inbox]),
    ...(role.responses
      ? [['responses', `${role.responses.max} within ${role.responses.ttlSeconds} s`] as const]
      : []),
    ...Object.entries(role.limits).map(([name, value]) => [name, String(value)] as const),
    ...list('sources', role.sources),
    ...list(
      'times',
      role.times?.map(({ start, end }) => `${start}–${end} ${role.timezone ?? ''}`.trimEnd()),
    ),
    ...list('connections', role.connectionTypes),
    ['lifetime', durationText(grant.lifetimeSeconds)],
  ];
  return (
    `${styled(terminal, 'green', 'granted')}  role ${styled(terminal, 'bold', role.name)} in account ${role.account}, by "${harmless(grant.binding)}"\n` +
    table(
      terminal,
      [{ title: '' }, { title: '' }],
      rows.map(([name, value]) => [`         ${name}`, value]),
      { header: false },
    )
  );
}

function pendingText(
  terminal: Terminal,
  { until, stage, seconds, waitsFor, obstacle }: PendingKey,
): string {
  const what =
    until === 'nothing'
      ? 'no key signs for this role yet, and exchanges fail with 503'
      : 'the role changed, and credentials still have the old permissions';
  const servers = waitsFor.length === 0 ? '' : ` (${waitsFor.join(', ')})`;
  const time =
    obstacle === undefined
      ? `; check again in about ${durationText(seconds)}`
      : `; the wait is unknown, because the rotator cannot continue: ${harmless(obstacle)}`;
  return `${styled(terminal, 'yellow', 'waits')}    ${what}. Its next key is ${harmless(`${STAGES[stage]}${servers}`)}${time}\n`;
}

const STAGES = {
  'being made': 'not created yet',
  'not on every server': 'not on every NATS server yet',
  waiting: 'on every NATS server',
} as const satisfies Record<PendingKey['stage'], string>;

type Row = readonly [name: string, value: string];

/** One subject per line, with the name only on the first. */
function subjects(name: string, { allow, deny }: SubjectRules): Row[] {
  const lines = [...(allow.length === 0 ? ['nothing'] : allow), ...deny.map((s) => `never ${s}`)];
  return lines.map((line, index) => [index === 0 ? name : '', line]);
}

function list(name: string, values: readonly string[] | undefined): Row[] {
  return values ? [[name, values.join(', ')]] : [];
}
