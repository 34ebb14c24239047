import type { Config } from '../config/config.ts';
import { durationText } from '../config/schema/scalars.ts';
import { redirectUri } from '../login/login-spec.ts';
import type { Column } from './table.ts';

type Login = Config['logins'][number];

/** What may be shown of a login: all but its secret. */
export function loginSummary(login: Login, publicUrl: string) {
  const { issuerName, title, clientId, authentication, sessionSeconds } = login;
  return {
    issuer: issuerName,
    title,
    clientId,
    authentication: authentication.method,
    sessionSeconds,
    redirectUri: redirectUri(publicUrl, login),
  };
}

export const LOGIN_COLUMNS: readonly Column[] = [
  { title: 'LOGIN' },
  { title: 'TITLE', shrinkTo: 12 },
  { title: 'CLIENT', shrinkTo: 12 },
  { title: 'PROVES ITSELF BY' },
  { title: 'SESSION' },
  // To be registered at the issuer, so never cut.
  { title: 'REDIRECT URI' },
];

export function loginRows({ logins, publicUrl }: Pick<Config, 'logins' | 'publicUrl'>): string[][] {
  return logins.map((login) => [
    login.issuerName,
    login.title,
    login.clientId,
    authenticationText(login.authentication),
    durationText(login.sessionSeconds),
    redirectUri(publicUrl, login),
  ]);
}

function authenticationText(authentication: Login['authentication']): string {
  switch (authentication.method) {
    case 'none':
      return 'nothing (PKCE alone)';
    case 'secret':
      return 'client secret';
    case 'private_key_jwt': {
      const { algorithm, keyId } = authentication;
      return `private key, ${algorithm}${keyId === undefined ? '' : `, ${keyId}`}`;
    }
  }
}
