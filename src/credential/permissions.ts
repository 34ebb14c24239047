import type {
  Permissions,
  SubjectPermission,
  UserLimits,
  UserPermissionLimits,
} from '../nats/user-claims.ts';
import type { RoleSpec, SubjectRules } from '../policy/policy.ts';

/**
 * What a role allows, in NATS's words: as a direct user carries it, with the grant's subjects, and
 * as a scoped signing key carries it, with the role's scoped subjects. One function for both, so
 * that they can't come to mean different things.
 *
 * No member is undefined: it stays the same through JSON.
 */
export function permissionsAndLimits(
  role: RoleSpec,
  { publish, subscribe }: { readonly publish: SubjectRules; readonly subscribe: SubjectRules },
): UserPermissionLimits {
  return { ...permissions(role, publish, subscribe), ...limits(role) };
}

const NOTHING: SubjectPermission = { deny: ['>'] };

function permissions(
  { responses }: RoleSpec,
  publish: SubjectRules,
  subscribe: SubjectRules,
): Permissions {
  return {
    pub: subjects(publish),
    sub: subjects(subscribe),
    ...(responses && { resp: { max: responses.max, ttl: responses.ttlSeconds * 1e9 } }),
  };
}

/** NATS takes a missing `allow` for "everything"; a role means nothing by it. */
export function subjects({ allow, deny }: SubjectRules): SubjectPermission {
  if (allow.length === 0) return NOTHING;
  return { allow, ...(deny.length > 0 && { deny }) };
}

function limits(
  role: RoleSpec,
): UserLimits & Pick<UserPermissionLimits, 'allowed_connection_types'> {
  const { limits, sources, times, timezone, connectionTypes } = role;
  return {
    subs: limits.subscriptions ?? -1,
    data: limits.dataBytes ?? -1,
    payload: limits.payloadBytes ?? -1,
    ...(sources && { src: sources }),
    ...(times && { times }),
    ...(times && timezone !== undefined && { times_location: timezone }),
    ...(connectionTypes && { allowed_connection_types: connectionTypes }),
  };
}
