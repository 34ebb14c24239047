import { numberOf } from '../nats/exact-json.ts';
import type { SubjectPermission, UserPermissionLimits } from '../nats/user-claims.ts';

/**
 * What two templates of scoped signing keys have in common. Other tools write the same template in
 * another way (the Go library adds empty `pub` and `sub`, and leaves out limits of 0), and NATS takes
 * what is absent for "all": both are compared in one spelling.
 */
interface Rules {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

interface Canonical {
  readonly pub: Rules;
  readonly sub: Rules;
  readonly resp: { readonly max: number; readonly ttl: number } | null;
  readonly subs: number;
  readonly data: number;
  readonly payload: number;
  readonly src: readonly string[];
  readonly times: readonly string[];
  readonly timezone: string;
  readonly bearer: boolean;
  readonly types: readonly string[];
}

/** As it may come out of a JWT: every member may be missing, lists may be null. */
type Written = {
  readonly [Name in keyof UserPermissionLimits]?: UserPermissionLimits[Name] | null;
};

const NO_LIMIT = -1;

/** Whether both say the same to a server. */
export function sameTemplate(a: Written, b: Written): boolean {
  return JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
}

/**
 * Why a key with the template `found` can't sign for a role that wants `wanted`: its users could do
 * something that `wanted` doesn't let them, or nothing at all. A part of a sentence; undefined when
 * it can. May reject a template that only a closer look would show to be equal.
 *
 * `data` is not compared: servers don't count it.
 */
export function templateFault(found: Written, wanted: Written): string | undefined {
  const [a, b] = [canonical(found), canonical(wanted)];
  return (
    rulesFault('publishing to', a.pub, b.pub) ??
    rulesFault('subscribing to', a.sub, b.sub) ??
    (respNoWider(a.resp, b.resp) ? undefined : 'it allows more or later replies') ??
    limitFault('subs', a.subs, b.subs) ??
    limitFault('payload', a.payload, b.payload) ??
    (listNoWider(a.src, b.src) ? undefined : 'it allows connections from more networks (src)') ??
    (timesNoWider(a, b) ? undefined : 'it allows more times of the day') ??
    (a.bearer && !b.bearer ? 'its users need no seed (bearer_token)' : undefined) ??
    (listNoWider(a.types, b.types) ? undefined : 'it allows more kinds of connection')
  );
}

function canonical(template: Written): Canonical {
  const { pub, sub, resp, subs, data, payload, src, times } = template;
  return {
    pub: rules(pub),
    sub: rules(sub),
    resp: resp ? { max: limit(resp.max, 0), ttl: limit(resp.ttl, 0) } : null,
    // Servers read an absent one as no limit.
    subs: limit(subs, NO_LIMIT),
    data: limit(data, NO_LIMIT),
    payload: limit(payload, NO_LIMIT),
    src: sorted(src),
    times: sorted((times ?? []).map(({ start, end }) => `${start}-${end}`)),
    timezone: template.times_location ?? '',
    bearer: template.bearer_token ?? false,
    types: sorted(template.allowed_connection_types),
  };
}

/** Numbers that JavaScript cannot hold exactly are opaque. A value that is not a number is within no limit. */
function limit(written: number | null | undefined, absent: number): number {
  return written === undefined || written === null ? absent : numberOf(written);
}

function rules(permission: SubjectPermission | null | undefined): Rules {
  return { allow: sorted(permission?.allow), deny: sorted(permission?.deny) };
}

function sorted(list: readonly string[] | null | undefined): readonly string[] {
  return [...(list ?? [])].sort();
}

/** An empty `allow` is everything. */
function rulesFault(what: string, found: Rules, wanted: Rules): string | undefined {
  const allowed = wanted.allow.length === 0 ? ['>'] : wanted.allow;
  const uses = found.allow.length === 0 ? ['>'] : found.allow;
  const uncovered = (patterns: readonly string[]) => (subject: string) =>
    !patterns.some((pattern) => covers(pattern, subject));
  const more = uses.find(uncovered(allowed));
  if (more !== undefined) return `it allows ${what} "${more}"`;
  const missing = wanted.deny.find(uncovered(found.deny));
  return missing === undefined ? undefined : `it does not deny ${what} "${missing}"`;
}

/** What servers refuse with a limit of 0. */
const AT_ZERO = { subs: 'subscription', payload: 'message that is not empty' } as const;

function limitFault(name: keyof typeof AT_ZERO, found: number, wanted: number): string | undefined {
  if (found === 0 && wanted !== 0)
    return `its limit ${name} is 0: no ${AT_ZERO[name]} gets through`;
  if (atMost(found, wanted)) return undefined;
  return found < 0
    ? `it lacks the limit ${name}: ${wanted}`
    : `its limit ${name} is above ${wanted}`;
}

function timesNoWider(found: Canonical, wanted: Canonical): boolean {
  if (wanted.times.length === 0) return true;
  return listNoWider(found.times, wanted.times) && found.timezone === wanted.timezone;
}

function respNoWider(found: Canonical['resp'], wanted: Canonical['resp']): boolean {
  if (found === null) return true;
  return wanted !== null && atMost(found.max, wanted.max) && atMost(found.ttl, wanted.ttl);
}

/** -1 is "no limit"; servers take what is below it for less than nothing. */
function atMost(found: number, wanted: number): boolean {
  return wanted < 0 || (found >= 0 && found <= wanted);
}

/** An empty list is "no restriction". */
function listNoWider(found: readonly string[], wanted: readonly string[]): boolean {
  return (
    wanted.length === 0 || (found.length > 0 && found.every((entry) => wanted.includes(entry)))
  );
}

/** Whether `pattern` matches all that `subject` does. A reference (`{{tag(x)}}`) counts as one literal word. */
function covers(pattern: string, subject: string): boolean {
  if (pattern === subject) return true;
  // A queue rule ("subject queue") covers only itself.
  if (pattern.includes(' ') || subject.includes(' ')) return false;
  const ours = pattern.split('.');
  const theirs = subject.split('.');
  for (const [index, token] of ours.entries()) {
    const other = theirs[index];
    if (other === undefined) return false;
    if (token === '>') return true;
    if (token !== other && (token !== '*' || other === '>')) return false;
  }
  return ours.length === theirs.length;
}
