import { type AccountAdmission, type AccountObstacle, whyRefused } from '../nats/admission.ts';
import { numberOf } from '../nats/exact-json.ts';
import { type AccountClaims, hasExpired, isLoadable, timeIn } from './account-jwt.ts';
import type { ViewRead } from './read-view.ts';

/** How long before an account JWT expires a warning is due. */
const EXPIRY_WARNING_SECONDS = 14 * 86_400;

/** What an account JWT says of who gets in. */
export function admissionOf({ exp, nbf, nats }: AccountClaims): AccountAdmission {
  const expiresAt = timeIn(exp);
  const notBefore = timeIn(nbf);
  const revokedUntil = timeIn(nats.revocations?.['*']);
  const obstacles = obstaclesOf(nats);
  return {
    ...(expiresAt !== undefined && { expiresAt }),
    ...(notBefore !== undefined && { notBefore }),
    ...(revokedUntil !== undefined && { revokedUntil }),
    ...(obstacles.length > 0 && { obstacles }),
  };
}

/** Whether users can connect, by what was seen on all servers; undefined if unknown. */
export function admissionIn(read: ViewRead, nowSeconds: number): AccountAdmission | undefined {
  const { base, complete, applied, stored, emptyStores } = read;
  const storedNowhere = complete && stored.length === 0 && emptyStores > 0;
  if (!base) {
    if (!complete || applied.length > 0) return undefined;
    if (stored.length > 0) return { obstacles: ['untrusted'] };
    return storedNowhere ? { obstacles: ['unknown'] } : undefined;
  }
  if (isDeleted(read, nowSeconds)) return { obstacles: ['deleted'] };
  return admissionOf(isLoadable(base, nowSeconds) ? base : (newestOf(applied) ?? base));
}

/** Servers that had loaded it say that it ended, and none stores it: we must not bring it back. */
export function isDeleted(read: ViewRead, nowSeconds: number): boolean {
  const { base, complete, stored, emptyStores, disabled } = read;
  if (!base || !complete || !disabled || stored.length > 0 || emptyStores === 0) return false;
  return !hasExpired(base, nowSeconds);
}

/** Something about an account JWT that its operator should know. */
export interface AccountProblem {
  /** Nobody gets in; else it is a warning. */
  readonly refuses: boolean;
  /** One sentence, without the account's name. */
  readonly message: string;
}

/** What is wrong, or soon will be, with an account whose servers hold this JWT. */
export function accountProblems(
  claims: AccountClaims,
  { nowSeconds }: { readonly nowSeconds: number },
): AccountProblem[] {
  const admission = admissionOf(claims);
  const why = whyRefused(admission, { nowSeconds });
  if (why !== undefined) return [{ refuses: true, message: `NATS refuses all users: ${why}` }];
  return accountWarnings(claims, nowSeconds).map((message) => ({ refuses: false, message }));
}

/** What its operator should change although users get in; the text of each changes once a day at most. */
export function accountWarnings(claims: AccountClaims, nowSeconds: number): string[] {
  const warnings = [expiryWarning(admissionOf(claims), nowSeconds), payloadWarning(claims)];
  return warnings.flatMap((warning) => warning ?? []);
}

function expiryWarning({ expiresAt }: AccountAdmission, nowSeconds: number): string | undefined {
  if (expiresAt === undefined || expiresAt <= nowSeconds) return undefined;
  const left = expiresAt - nowSeconds;
  if (left > EXPIRY_WARNING_SECONDS) return undefined;
  const days = Math.floor(left / 86_400);
  const when = days === 0 ? 'within a day' : `in ${days} day${days === 1 ? '' : 's'}`;
  return `its JWT expires ${when}, at ${new Date(expiresAt * 1000).toISOString()}: then NATS disconnects and refuses all users`;
}

/** Users connect and can say nothing. */
function payloadWarning({ nats }: AccountClaims): string | undefined {
  return limitOf(nats['limits'], 'payload') === 0
    ? 'its JWT allows empty messages only (limits.payload is 0 or missing)'
    : undefined;
}

function obstaclesOf({ authorization, limits }: AccountClaims['nats']): AccountObstacle[] {
  return [
    ...(hasCallout(authorization) ? (['callout'] as const) : []),
    ...(allowsNone(limits, 'subs') ? (['no-subscriptions'] as const) : []),
    ...(allowsNone(limits, 'conn') ? (['no-connections'] as const) : []),
    ...(allowsNone(limits, 'leaf') ? (['no-leaf-nodes'] as const) : []),
  ];
}

function hasCallout(authorization: unknown): boolean {
  const users = (authorization as { auth_users?: unknown } | null | undefined)?.auth_users;
  return Array.isArray(users) && users.length > 0;
}

/** -1 is "no limit". Servers read a missing limit as 0, and other negative numbers as less than 0. */
function allowsNone(limits: unknown, name: string): boolean {
  const limit = limitOf(limits, name);
  return limit !== -1 && limit <= 0;
}

function limitOf(limits: unknown, name: string): number {
  const value = (limits as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  return value === undefined ? 0 : numberOf(value);
}

function newestOf(list: ViewRead['applied']): AccountClaims | undefined {
  return list.reduce((newest, claims) => {
    if (!claims) return newest;
    return newest && newest.iat >= claims.iat ? newest : claims;
  }, undefined);
}
