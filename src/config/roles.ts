import type { BindingSpec, RoleLimits, RoleSpec } from '../policy/policy.ts';
import type { BindingSettings } from './schema/binding.ts';
import type { RoleSettings } from './schema/role.ts';

/** A role as the policy takes it: what isn't limited is absent, not undefined. */
export function roleSpec(name: string, settings: RoleSettings): RoleSpec {
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

export function bindingSpec({ name, issuer, match, when, roles }: BindingSettings): BindingSpec {
  return { name, issuer, match, roles, ...(when !== undefined && { when }) };
}
