import type { Config } from '../config/config.ts';
import { durationText } from '../config/schema/scalars.ts';
import type { Column } from './table.ts';

type Login = Config['logins'][number];

/** What may be shown of a login: all but its secret. */
export function loginSummary({
  issuerName,
  title,
  clientId,
  authentication,
  sessionSeconds,
}: Login) {
  return {
    issuer: issuerName,
    title,
    clientId,
    authentication: authentication.method,
    sessionSeconds,
  };
}

export const LOGIN_COLUMNS: readonly Column[] = [
  { title: 'LOGIN' },
  { title: 'TITLE', shrinkTo: 12 },
  { title: 'CLIENT', shrinkTo: 12 },
  { title: 'PROVES ITSELF BY' },
  { title: 'SESSION' },
];

export function loginRows(logins: readonly Login[]): string[][] {
  return logins.map(({ issuerName, title, clientId, authentication, sessionSeconds }) => [
    issuerName,
    title,
    clientId,
    authenticationText(authentication),
    durationText(sessionSeconds),
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
