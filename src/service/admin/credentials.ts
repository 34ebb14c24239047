import type { CredentialsAnswer } from '../../admin-api/credentials.ts';
import { Refusal } from '../../errors.ts';
import type { CredentialsAsk, CredentialsPage } from '../../http/admin/actions.ts';
import type { Ring } from '../../keyring/ring.ts';
import type { CredentialLedger, IssuedCredential, LedgerFilter } from '../../revocation/ledger.ts';
import { issuerName } from '../target-names.ts';
import { type AdminDeps, readRings } from './deps.ts';

/**
 * One page of the credentials that servers still accept, by time of issue. Each page reads the whole
 * ledger, which has no order, but keeps no more than two pages in memory.
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
    if (after && compare(positionOf(credential), after) <= 0) continue;
    page.push(credential);
    if (page.length > 2 * limit) page = inOrder(page).slice(0, limit + 1);
  }
  const shown = inOrder(page).slice(0, limit);
  const last = page.length > limit ? shown.at(-1) : undefined;
  return {
    credentials: shown.map(answerOf),
    next: last ? writeCursor(positionOf(last)) : null,
    total,
  };
}

/** The sort key of the list, which is unique. */
type Position = readonly [issuedAt: number, user: string, role: string, signingKey: string];

function positionOf({ issuedAt, user, role, signingKey }: IssuedCredential): Position {
  return [issuedAt, user, role, signingKey];
}

function inOrder(credentials: readonly IssuedCredential[]): IssuedCredential[] {
  return credentials.toSorted((a, b) => compare(positionOf(a), positionOf(b)));
}

function compare(a: Position, b: Position): number {
  for (const [position, one] of a.entries()) {
    const other = b[position] ?? '';
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}

function writeCursor(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

const BAD_CURSOR = new Refusal(
  'parameter_invalid',
  'The cursor is not valid: use "next" of the previous answer.',
);

function readCursor(text: string): Position | Refusal {
  try {
    const position: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (!Array.isArray(position) || position.length !== 4) return BAD_CURSOR;
    const [issuedAt, ...names] = position as unknown[];
    const sound = typeof issuedAt === 'number' && names.every((name) => typeof name === 'string');
    return sound ? (position as unknown as Position) : BAD_CURSOR;
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
 * The credentials that servers still accept: neither expired nor revoked by these rings. Throws if the
 * ledger cannot be read.
 */
export async function* livingCredentials(
  ledger: CredentialLedger,
  rings: Iterable<Ring>,
  filter: LedgerFilter,
): AsyncGenerator<IssuedCredential> {
  const isRevoked = revokedBy(rings);
  for await (const credential of ledger.alive(filter)) if (!isRevoked(credential)) yield credential;
}

/** Revoked: the user is revoked, or the key that signed is retired. */
function revokedBy(rings: Iterable<Ring>): (credential: IssuedCredential) => boolean {
  const accounts = new Map<string, Pick<Ring, 'revoked'> & { retired: ReadonlySet<string> }>();
  for (const { account, kind, keys, revoked } of rings) {
    // The JWT of an external account belongs to its operator: its ring revokes nobody.
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
