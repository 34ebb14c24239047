import { randomBytes } from 'node:crypto';
import { z } from 'zod';

/** The target of a revocation; exactly one of the four. */
export type RevocationTarget =
  /** Name of the issuer in the configuration, and the identity's subject. Met by the actor, too. */
  | { readonly issuer: string; readonly subject: string }
  /** A public user nkey, `U…`. */
  | { readonly nkey: string }
  | { readonly role: string }
  | { readonly binding: string };

/** Which of the four. */
export type RevocationKind = 'identity' | 'nkey' | 'role' | 'binding';

export function kindOf(target: RevocationTarget): RevocationKind {
  if ('nkey' in target) return 'nkey';
  if ('role' in target) return 'role';
  return 'binding' in target ? 'binding' : 'identity';
}

/** One revocation: one text in the store (`revocation.ID`). Times are Unix seconds. */
export interface Revocation {
  readonly id: string;
  readonly target: RevocationTarget;
  readonly reason: string;
  /** True: refused until lifted. False: refused are subject tokens from `at` or before, see `match.ts`. */
  readonly block: boolean;
  readonly at: number;
  /** Who did it. */
  readonly by: { readonly issuerName: string; readonly subject: string };
  /**
   * From then on no credential and no subject token from before `at` can be alive: it may go by
   * itself unless it blocks.
   */
  readonly until: number;
}

export const REVOCATION_PREFIX = 'revocation.';

/** Name of a revocation in the store. */
export function revocationKey(id: string): string {
  return `${REVOCATION_PREFIX}${id}`;
}

/** 48 random bits in hexadecimal: fits URLs, command lines and names in stores. The write fails if it is taken. */
export function newRevocationId(): string {
  return randomBytes(6).toString('hex');
}

/** Whether a text can be an id at all; others never become part of a name in the store. */
export function isRevocationId(text: string): boolean {
  return /^[0-9a-f]{12}$/.test(text);
}

export function revocationText(revocation: Revocation): string {
  return JSON.stringify({ version: 1, ...revocation });
}

/** Throws if this version cannot read the text as a revocation: whom it refuses is then unknown. */
export function parseRevocation(text: string): Revocation {
  const said = JSON.parse(text) as { version?: unknown } | null;
  if (said?.version !== 1) {
    throw new Error(
      `the stored revocation has version ${String(said?.version)}, which this nats-sts does not know: run the newer version`,
    );
  }
  const read = stored.safeParse(said);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new Error(
    `the stored revocation is not valid: ${issue?.path.join('.')}: ${issue?.message}`,
  );
}

/** Undefined if it cannot be read. `followRevocations` reports that, so nobody else needs to. */
export function readRevocation(text: string): Revocation | undefined {
  try {
    return parseRevocation(text);
  } catch {
    return undefined;
  }
}

/** A target keeps only the members that decide whom it refuses. What only people read may be missing. */
const stored = z.object({
  id: z.string(),
  target: z.union(
    [
      z.object({ nkey: z.string() }),
      z.object({ role: z.string() }),
      z.object({ binding: z.string() }),
      z.object({ issuer: z.string(), subject: z.string() }),
    ],
    { error: 'not an identity, nkey, role, or binding' },
  ),
  reason: z.string().catch('unknown'),
  block: z.boolean(),
  at: z.number(),
  by: z
    .object({ issuerName: z.string(), subject: z.string() })
    .catch({ issuerName: 'unknown', subject: 'unknown' }),
  until: z.number(),
});

/** Whether no token and no credential can match it any more. `now` in Unix seconds. */
export function isOver({ block, until }: Revocation, now: number): boolean {
  return !block && until <= now;
}
