/** What one server holds for an account. */
export type ServerView = {
  /** Public server nkey, `N…`. */
  readonly id: string;
  readonly name: string;
} & (
  | {
      readonly state: 'applied';
      readonly jwt: string;
      /** It refuses all users of the account: the JWT expired, or the account was deleted. */
      readonly expired?: boolean;
    }
  /** It has not loaded the account: it will load what is stored. */
  | { readonly state: 'not-loaded' }
  /** Another server has a route to it, or it was there a moment ago; it does not answer. */
  | { readonly state: 'silent' }
);

/** What all servers hold for an account. JWTs are as they came: nothing is verified. */
export interface AccountView {
  /** Every server that is known to be there. Never empty. */
  readonly servers: readonly ServerView[];
  /** What the servers' stores hold: one of each server with a store, which doesn't say its name. */
  readonly stored: readonly string[];
  /** Stores that said they have none; 0 unless told. */
  readonly emptyStores?: number;
}
