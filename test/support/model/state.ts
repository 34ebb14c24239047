import type { Found, Jwt } from './account.ts';

/** Everything that there is, at one moment. Nothing in it is ever changed in place. */
export interface State {
  /** The ring in the store. */
  readonly ring: string;
  readonly lease: Lease;
  readonly rotators: readonly [Rotator, Rotator];
  /** What each rotator knows of pushes that may be under way: `src/rotator/pushes-in-air.ts`. */
  readonly airs: readonly [Air, Air];
  /** Pushes under way: those of the two rotators, and one of a rotator that has died since, or waits for it no longer. */
  readonly flights: readonly [Flight | undefined, Flight | undefined, Flight | undefined];
  readonly servers: readonly Server[];
  readonly signer: Signer;
  /** Key → ticks until the last credential that it signed has expired; below 0 they are gone. */
  readonly credentials: Readonly<Record<string, number>>;
  /** A late push has removed a key from a server, and it is not repaired yet. */
  readonly drift: boolean;
  readonly deathsLeft: number;
  readonly revocationsLeft: number;
}

interface Lease {
  /** Which of the rotators; undefined: nobody, or one that has died. */
  readonly holder: number | undefined;
  /** 0: never held; 1: the first; 2: any later one. */
  readonly term: number;
  /** Ticks since it was renewed, 1 for all more. */
  readonly age: number;
  /** It was released: so many ticks later all that was pushed before has arrived. */
  readonly busy?: number;
}

export interface Air {
  /** Ticks until all that others pushed has arrived. */
  readonly others: number;
  /** Its own pushes that have not landed. Without a JWT: what a server may be loading. */
  readonly sent: readonly { readonly jwt?: Jwt; readonly age: number }[];
}

/**
 * Where a rotator is in its turn; between any two of these it may be paused, or die. `term` is the
 * one that it believes to lead in.
 */
export type Rotator =
  | { readonly at: 'rest'; readonly term: number }
  | ({ readonly at: 'read' } & Turn)
  | ({ readonly at: 'looked'; readonly found: readonly Found[] } & Turn)
  | ({ readonly at: 'decided'; readonly found: readonly Found[]; readonly next: string } & Turn)
  | ({ readonly at: 'stored'; readonly found: readonly Found[]; readonly next: string } & Turn)
  | { readonly at: 'pushing'; readonly term: number };

interface Turn {
  readonly term: number;
  /** Term at the beginning of the turn. */
  readonly turnTerm: number;
  /** The ring as it was read. */
  readonly ring: string;
  /** Whether the store still has it: then a compare-and-swap goes through. */
  readonly fresh: boolean;
  /** Ticks since it was read, 1 for all more. */
  readonly age: number;
}

export interface Flight {
  readonly jwt: Jwt;
  /** Ticks since the lease was checked for it. */
  readonly age: number;
  /** Bit for each server that it has not reached. */
  readonly pending: number;
}

export interface Server extends Found {
  /** It is loading this one, which it has taken from its store already. */
  readonly loading: Jwt | undefined;
}

/** What a process that issues knows of the ring. */
interface Signer {
  readonly key: string | undefined;
  /** It knows that the store knows of the lifetime. */
  readonly raised: boolean;
  /** Someone revoked that key: what it signs from now on is worth nothing. */
  readonly revoked?: boolean;
  /** Ticks since it heard of the store. */
  readonly age: number;
}

/** A push is held against what it takes away if it comes within so many ticks of the lease's check. */
export const SAFE_TICKS = 2;
