import type { Identity } from '../identity/identity.ts';
import type { BindingTrace, ConditionTrace, Decision, Grant } from '../policy/policy.ts';
import { type Cell, table } from './table.ts';
import { harmless, styled, type Terminal } from './terminal.ts';

const MAX_SEEN = 80;

/** What the policy makes of one identity. */
export interface Explained {
  readonly identity: Identity;
  /** Whether signature, times and audience were checked. */
  readonly verified: boolean;
  readonly bindings: readonly BindingTrace[];
  readonly decision: Decision;
}

/** What the policy makes of an identity, for people. */
export function explanation(
  terminal: Terminal,
  { identity, verified, bindings, decision }: Explained,
  all: boolean,
): string {
  const own = bindings.filter((binding) => all || !isForeign(binding));
  const others = bindings.length - own.length;
  return [
    `${styled(terminal, 'bold', harmless(identity.subject))} of ${identity.issuerName} (${harmless(identity.issuer)})`,
    verified ? '' : ', claims not verified',
    '\n\n',
    own.map((binding) => bindingText(terminal, binding)).join('\n'),
    others > 0 ? `\n${others} more for other issuers (--all shows them)\n` : '',
    '\n',
    decisionText(terminal, decision),
  ].join('');
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
  const columns = [
    { title: '' },
    { title: '' },
    { title: '', shrinkTo: 16 },
    { title: '', shrinkTo: 16 },
  ];
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
    nearest ? `        nearest is "${harmless(nearest.binding)}"\n` : '',
  ].join('');
}

function grantText(terminal: Terminal, grant: Grant): string {
  const { role, publish, subscribe } = grant;
  const rows: [string, string][] = [
    ['publish', subjects(publish.allow, publish.deny)],
    ['subscribe', subjects(subscribe.allow, subscribe.deny)],
    ...(role.responses
      ? [
          ['responses', `${role.responses.max} within ${role.responses.ttlSeconds} s`] as [
            string,
            string,
          ],
        ]
      : []),
    ...Object.entries(role.limits).map(([name, value]): [string, string] => [name, String(value)]),
    ...(role.sources ? [['sources', role.sources.join(', ')] as [string, string]] : []),
    ...(role.times
      ? [
          ['times', role.times.map(({ start, end }) => `${start}–${end}`).join(', ')] as [
            string,
            string,
          ],
        ]
      : []),
    ...(role.connectionTypes
      ? [['connections', role.connectionTypes.join(', ')] as [string, string]]
      : []),
    ['lifetime', `${grant.lifetimeSeconds} s`],
  ];
  return (
    `${styled(terminal, 'green', 'granted')}  role ${styled(terminal, 'bold', role.name)} in account ${role.account}, by "${harmless(grant.binding)}"\n` +
    table(
      terminal,
      [{ title: '' }, { title: '', shrinkTo: 30 }],
      rows.map(([name, value]) => [`         ${name}`, value]),
      { header: false },
    )
  );
}

function subjects(allow: readonly string[], deny: readonly string[]): string {
  const allowed = allow.length === 0 ? 'nothing' : allow.join(', ');
  return deny.length === 0 ? allowed : `${allowed}; never ${deny.join(', ')}`;
}
