import { type AdminPolicy, type AdminRule, compileAdmin } from '../policy/admin.ts';
import { compilePolicy, type Policy } from '../policy/compile.ts';
import type { BindingSpec, PolicyProblem, RoleLimits, RoleSpec } from '../policy/policy.ts';
import type { Findings } from './findings.ts';
import { child } from './path.ts';
import type { BindingSettings } from './schema/binding.ts';
import type { RoleSettings } from './schema/role.ts';
import type { Settings } from './settings.ts';

/** Roles and bindings in the form of the policy, and the compiled policy. */
interface ReadPolicy {
  readonly roles: readonly RoleSpec[];
  readonly bindings: readonly BindingSpec[];
  readonly policy: Policy;
}

/** Compiles roles and bindings; what the compiler finds becomes a problem of the file. */
export function readPolicy({ roles, bindings }: Settings, findings: Findings): ReadPolicy {
  const specs = {
    roles: [...roles.entries].map(([name, settings]) => roleSpec(name, settings)),
    bindings: bindings.map(({ settings }) => bindingSpec(settings)),
  };
  // The file may hold bindings between these that could not be read.
  const pathOf = (index: number) => `bindings[${bindings[index]?.index}]`;
  const { policy, problems } = compilePolicy({ ...specs, pathOf });
  report(problems, findings);
  return { ...specs, policy };
}

/** Compiles who may administer, like bindings. */
export function readAdmin(
  settings: Settings,
  findings: Findings,
): { readonly admin: readonly AdminRule[]; readonly administrators: AdminPolicy } {
  const rules = (settings.admin ?? []).map(({ audience, ...rule }, index): AdminRule => {
    const name = `admin[${index}]`;
    if (audience === undefined) return { name, ...rule };
    const claim = settings.issuers.entries.get(rule.issuer)?.spec.audienceClaim ?? 'aud';
    const said = [claim, `/${claim}`].find((key) => key in rule.match);
    if (said !== undefined) {
      findings.problem(child(`${name}.match`, said), 'is also set by `audience`: keep one of them');
    }
    return { name, ...rule, audience: { [claim]: audience } };
  });
  const { admin, problems } = compileAdmin(rules);
  report(problems, findings);
  return { admin: rules, administrators: admin };
}

/** Reports what no earlier problem explains. `cross-references.ts` reports unknown roles, with suggestions. */
function report(problems: readonly PolicyProblem[], findings: Findings): void {
  const earlier = findings.problems.map(({ path }) => path);
  for (const { path, message, unknownRole, unlessBelow } of problems) {
    const explained = earlier.some(
      (first) => first === path || (unlessBelow !== undefined && first.startsWith(unlessBelow)),
    );
    if (!unknownRole && !explained) findings.problem(path, message);
  }
}

/** A role in the form of the policy. Limits that are not set are absent, not undefined. */
function roleSpec(name: string, settings: RoleSettings): RoleSpec {
  const { description, responses, sources, times, timezone, connectionTypes, signing } = settings;
  return {
    name,
    account: settings.account,
    publish: settings.publish,
    subscribe: settings.subscribe,
    limits: roleLimits(settings.limits),
    maxTtlSeconds: settings.maxTtl,
    ...(description !== undefined && { description }),
    ...(responses && { responses: { max: responses.max, ttlSeconds: responses.ttl } }),
    ...(sources && { sources }),
    ...(times && { times }),
    ...(timezone !== undefined && { timezone }),
    ...(connectionTypes && { connectionTypes }),
    ...(signing && { signing }),
  };
}

function roleLimits({ subscriptions, payload, data }: RoleSettings['limits']): RoleLimits {
  return {
    ...(subscriptions !== undefined && { subscriptions }),
    ...(payload !== undefined && { payloadBytes: payload }),
    ...(data !== undefined && { dataBytes: data }),
  };
}

function bindingSpec({ name, issuer, match, when, roles }: BindingSettings): BindingSpec {
  return { name, issuer, match, roles, ...(when !== undefined && { when }) };
}
