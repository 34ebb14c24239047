import { durationText } from '../../config/schema/scalars.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { localTime, relativeTime } from '../time.ts';
import type { Introspection } from './oauth-answers.ts';
import { personText } from './credential-text.ts';

type Active = Extract<Introspection, { active: true }>;

/** A session that is saved here and lives, with what the service says of it. */
export interface Held {
  readonly role: string;
  readonly active: Active;
}

/** Whose they are, where they are of one person. */
export function personOf([held]: readonly Held[]): string {
  if (held === undefined) return '';
  const { iss, sub, username } = held.active;
  return personText({
    issuer: iss,
    subject: sub,
    ...(username !== undefined && { name: username }),
  });
}

/** What may be asked for with any of them, each role once, in the order of the service. */
export function rolesOf(held: readonly Held[]): Active['roles'] {
  const roles = held.flatMap(({ active }) => active.roles);
  return [...new Map(roles.map((role) => [role.role, role])).values()];
}

/** A line a role: those that are held, and those that one could ask for. `now` is in milliseconds since the Unix epoch. */
export function rolesTable(terminal: Terminal, held: readonly Held[], now: number): string {
  const columns = [
    { title: 'ROLE' },
    { title: 'ACCOUNT', shrinkTo: 12 },
    { title: 'LASTS AT MOST' },
    { title: 'SIGNED IN UNTIL' },
  ];
  const ends = new Map(held.map(({ role, active }) => [role, active.exp * 1000]));
  const until = (role: string) => {
    const end = ends.get(role);
    return end === undefined ? '-' : `${localTime(end)} (${relativeTime(end, now)})`;
  };
  const roles = rolesOf(held);
  const withdrawn = held.filter(({ role }) => !roles.some((given) => given.role === role));
  return table(terminal, columns, [
    ...roles.map(({ role, account, max_ttl }) => [
      role,
      account,
      durationText(max_ttl),
      until(role),
    ]),
    ...withdrawn.map(({ role }) => [role, '-', 'no longer given', until(role)]),
  ]);
}
