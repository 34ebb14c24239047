import type { Identity } from '../../identity/identity.ts';

/** Nobody reads more. */
const MAX_NAME_CHARACTERS = 200;

/** What a person is called by their provider (OIDC Core §5.1), for people to read: neither unique nor stable. */
export function nameOf({ claims }: Identity): string | undefined {
  const names = [claims['name'], claims['preferred_username'], claims['email']];
  const name = names.find((value) => typeof value === 'string' && value.trim() !== '');
  return typeof name === 'string' ? name.trim().slice(0, MAX_NAME_CHARACTERS) : undefined;
}
