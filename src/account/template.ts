import type { SubjectPermission, UserPermissionLimits } from '../nats/user-claims.ts';

/**
 * What two templates of scoped signing keys have in common. Other tools write the same template in
 * another way (the Go library adds empty `pub` and `sub`), and NATS takes what is absent for "all":
 * both are compared in one spelling.
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

/** Whether both say the same to a server. */
export function sameTemplate(a: Written, b: Written): boolean {
  return JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
}

/** Whether `found` allows nothing that `wanted` doesn't. May say no where only a closer look would say yes. */
export function noWider(found: Written, wanted: Written): boolean {
  const [a, b] = [canonical(found), canonical(wanted)];
  return (
    rulesNoWider(a.pub, b.pub) &&
    rulesNoWider(a.sub, b.sub) &&
    respNoWider(a.resp, b.resp) &&
    atMost(a.subs, b.subs) &&
    atMost(a.data, b.data) &&
    atMost(a.payload, b.payload) &&
    listNoWider(a.src, b.src) &&
    (b.times.length === 0 || (listNoWider(a.times, b.times) && a.timezone === b.timezone)) &&
    (b.bearer || !a.bearer) &&
    listNoWider(a.types, b.types)
  );
}

function canonical(template: Written): Canonical {
  const { pub, sub, resp, subs, data, payload, src, times } = template;
  return {
    pub: rules(pub),
    sub: rules(sub),
    resp: resp ? { max: resp.max, ttl: resp.ttl } : null,
    // The Go library leaves out what is 0. Numbers beyond 2^53 are opaque, and then never within a limit.
    subs: subs ?? 0,
    data: data ?? 0,
    payload: payload ?? 0,
    src: sorted(src),
    times: sorted((times ?? []).map(({ start, end }) => `${start}-${end}`)),
    timezone: template.times_location ?? '',
    bearer: template.bearer_token ?? false,
    types: sorted(template.allowed_connection_types),
  };
}

function rules(permission: SubjectPermission | null | undefined): Rules {
  return { allow: sorted(permission?.allow), deny: sorted(permission?.deny) };
}

function sorted(list: readonly string[] | null | undefined): readonly string[] {
  return [...(list ?? [])].sort();
}

/** An empty `allow` is everything. */
function rulesNoWider(found: Rules, wanted: Rules): boolean {
  const allowed = wanted.allow.length === 0 ? ['>'] : wanted.allow;
  const uses = found.allow.length === 0 ? ['>'] : found.allow;
  return (
    uses.every((subject) => allowed.some((pattern) => covers(pattern, subject))) &&
    wanted.deny.every((subject) => found.deny.some((pattern) => covers(pattern, subject)))
  );
}

function respNoWider(found: Canonical['resp'], wanted: Canonical['resp']): boolean {
  if (found === null) return true;
  return wanted !== null && atMost(found.max, wanted.max) && atMost(found.ttl, wanted.ttl);
}

/** Below 0 is "no limit". */
function atMost(found: number, wanted: number): boolean {
  return wanted < 0 || (found >= 0 && found <= wanted);
}

/** An empty list is "no restriction". */
function listNoWider(found: readonly string[], wanted: readonly string[]): boolean {
  return (
    wanted.length === 0 || (found.length > 0 && found.every((entry) => wanted.includes(entry)))
  );
}

/** Whether `pattern` matches all that `subject` does. A reference (`{{tag(x)}}`) is like a word of its own. */
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
