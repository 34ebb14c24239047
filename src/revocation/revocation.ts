/** Whom a revocation is about; exactly one of the four. */
export type RevocationTarget =
  | { readonly issuer: string; readonly subject: string }
  /** A public user nkey, `U…`. */
  | { readonly nkey: string }
  | { readonly role: string }
  | { readonly binding: string };

/** One revocation: one text in the store (`revocation.ID`). Times are Unix seconds. */
export interface Revocation {
  readonly id: string;
  readonly target: RevocationTarget;
  readonly reason: string;
  /** True: refused until lifted. False: refused are subject tokens issued at `at` or before. */
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
