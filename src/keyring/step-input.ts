import type { KeyScope, Ring, RingKey } from './ring.ts';

/** One slot that the configuration wants an active key for. */
export interface WantedSlot {
  /** Role, or `*`. */
  readonly slot: string;
  /** Present: a key tied to this role. */
  readonly scope?: KeyScope;
  /** What happens to the old key's users when the scope changes. */
  readonly onChange: 'drain' | 'cut';
}

/** The ring that the configuration asks for, of one account. */
export interface Wanted {
  readonly slots: readonly WantedSlot[];
  /** Time between rotations; absent: only when asked. */
  readonly everyMilliseconds?: number;
  /** How long a process that lost the store may continue to sign. */
  readonly graceMilliseconds: number;
  /** Two lease terms: no account JWT that was pushed before a key was staged arrives later than this. */
  readonly stagedMilliseconds: number;
  /** External accounts: the keys that the operator gave, in their order. */
  readonly given?: readonly Pick<RingKey, 'publicKey' | 'slot' | 'scope'>[];
}

/** What the servers have, by the last look. */
export interface Seen {
  /** Every server that is known to be there answered. */
  readonly complete: boolean;
  /** Public keys that every server accepts. */
  readonly confirmed: ReadonlySet<string>;
  /** Public key → names of the servers that keep it from being confirmed; absent: not known. */
  readonly lacking?: ReadonlyMap<string, readonly string[]>;
  /** Public keys that some account JWT lists; absent: it is not known. */
  readonly listed?: ReadonlySet<string>;
}

/** An account JWT that may still reach a server, or that a server may be loading; the last one to arrive counts. */
export interface PushInFlight {
  /** Public keys that it surely lists. */
  readonly lists: ReadonlySet<string>;
  /** It arrives before then or not at all: milliseconds since the Unix epoch. */
  readonly until: number;
}

/** A key pair that was made and sealed, and is in no ring yet. */
export interface Spare {
  readonly publicKey: string;
  readonly sealedSeed: string;
}

export interface StepInput {
  /** Milliseconds since the Unix epoch: of a moment after the ring was read. */
  readonly now: number;
  /** Term of the lease under which this step is made. */
  readonly term: number;
  readonly ring: Ring;
  readonly wanted: Wanted;
  readonly seen: Seen;
  /** Every account JWT that may take a key away which was staged in the ring as it was read. */
  readonly inFlight: readonly PushInFlight[];
  readonly spares: readonly Spare[];
}
