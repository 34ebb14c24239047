import type { CredentialsAnswer } from '../../admin-api/credentials.ts';
import { Refusal } from '../../errors.ts';
import type { CredentialsAsk, CredentialsPage } from '../../http/admin/actions.ts';
import type { Ring } from '../../keyring/ring.ts';
import type { CredentialLedger, IssuedCredential, LedgerFilter } from '../../revocation/ledger.ts';
import { issuerName } from '../target-names.ts';
import { type AdminDeps, readRings } from './deps.ts';

/**
 * One page of the credentials that servers still take, by time of issue. Each page looks through the ledger,
 * whose order is not told; what is kept meanwhile is bounded by the page.
 */
export async function listCredentials(
  { ledger, state, config }: AdminDeps,
  { issuer, limit, cursor, ...filter }: CredentialsAsk,
): Promise<CredentialsPage | Refusal> {
  const after = cursor === undefined ? undefined : readCursor(cursor);
  if (after instanceof Refusal) return after;
  const named = issuer === undefined ? undefined : issuerName(issuer, config().issuers);
  const asked = { ...filter, ...(named !== undefined && { issuerName: named }) };
  const rings = (await readRings(state)).map(({ ring }) => ring);
  let page: IssuedCredential[] = [];
  let total = 0;
  for await (const credential of livingCredentials(ledger, rings, asked)) {
    total += 1;
    if (after && compare(placeOf(credential), after) <= 0) continue;
    page.push(credential);
    if (page.length > 2 * limit) page = inOrder(page).slice(0, limit + 1);
  }
  const shown = inOrder(page).slice(0, limit);
  const last = page.length > limit ? shown.at(-1) : undefined;
  return {
    credentials: shown.map(answerOf),
    next: last ? writeCursor(placeOf(last)) : null,
    total,
  };
}

/** Place in the order of the list; nothing is told apart by more. */
type Place = readonly [issuedAt: number, user: string, role: string, signingKey: string];

function placeOf({ issuedAt, user, role, signingKey }: IssuedCredential): Place {
  return [issuedAt, user, role, signingKey];
}

function inOrder(credentials: readonly IssuedCredential[]): IssuedCredential[] {
  return credentials.toSorted((a, b) => compare(placeOf(a), placeOf(b)));
}

function compare(a: Place, b: Place): number {
  for (const [place, one] of a.entries()) {
    const other = b[place] ?? '';
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}

function writeCursor(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

const BAD_CURSOR = new Refusal(
  'parameter_invalid',
  'The cursor is not one that a list has answered with.',
);

function readCursor(text: string): Place | Refusal {
  try {
    const place: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (!Array.isArray(place) || place.length !== 4) return BAD_CURSOR;
    const [issuedAt, ...names] = place as unknown[];
    const sound = typeof issuedAt === 'number' && names.every((name) => typeof name === 'string');
    return sound ? (place as unknown as Place) : BAD_CURSOR;
  } catch {
    return BAD_CURSOR;
  }
}

function answerOf(credential: IssuedCredential): CredentialsAnswer['credentials'][number] {
  const { user, account, role, binding, issuerName, subject, actor } = credential;
  return {
    user,
    account,
    role,
    binding,
    issuer: issuerName,
    subject,
    actor: actor ? { issuer: actor.issuerName, subject: actor.subject } : null,
    signing_key: credential.signingKey,
    issued_at: credential.issuedAt,
    expires_at: credential.expiresAt,
  };
}

/**
 * The credentials that servers still take: of those that have not expired, the ones that these
 * rings have not cut. Throws when the ledger can't be read.
 */
export async function* livingCredentials(
  ledger: CredentialLedger,
  rings: Iterable<Ring>,
  filter: LedgerFilter,
): AsyncGenerator<IssuedCredential> {
  const isCut = cutBy(rings);
  for await (const credential of ledger.alive(filter)) if (!isCut(credential)) yield credential;
}

/** What is cut is revoked as a user, or signed by a key that is retired. */
function cutBy(rings: Iterable<Ring>): (credential: IssuedCredential) => boolean {
  const accounts = new Map<string, Pick<Ring, 'revoked'> & { retired: ReadonlySet<string> }>();
  for (const { account, kind, keys, revoked } of rings) {
    // The JWT of an external account is the operator's: what its ring says cuts nobody.
    if (kind === 'external') continue;
    const retired = keys.flatMap(({ state, publicKey }) => (state === 'retired' ? publicKey : []));
    accounts.set(account, { revoked, retired: new Set(retired) });
  }
  return ({ account, user, signingKey, issuedAt }) => {
    const ring = accounts.get(account);
    if (!ring) return false;
    const entry = ring.revoked[user];
    return ring.retired.has(signingKey) || (entry && !entry.gone ? issuedAt <= entry.at : false);
  };
}
