import { own } from './claims.ts';
import type { Claims } from './identity.ts';

/** Keycloak's lightweight access token of a person: no `sub`, no roles, and `aud` only where a mapper puts it. */
export function isLightweight(claims: Claims): boolean {
  const has = (name: string): boolean => own(claims, name) !== undefined;
  const ofKeycloak = own(claims, 'typ') === 'Bearer' && has('azp');
  return ofKeycloak && !['sub', 'realm_access', 'resource_access'].some(has);
}

export const LIGHTWEIGHT =
  'it looks like a lightweight access token of Keycloak; switch that option off for the client, or switch "Add to lightweight access token" on in the mappers of audience, subject and roles';
