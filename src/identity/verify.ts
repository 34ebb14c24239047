import type { Clock } from '../clock.ts';
import type { Refusal } from '../errors.ts';
import { demandsOf } from './checks.ts';
import type { DpopProof } from './dpop.ts';
import { type Fetch, guardedFetch } from './guarded-fetch.ts';
import type { Identity } from './identity.ts';
import type { IssuerSpec } from './issuer.ts';
import { createKeySet } from './keys/create-key-set.ts';
import type { KeySet, KeySetStatus } from './keys/key-set.ts';
import type { SingleUse } from './single-use.ts';
import { subjectRule } from './subject.ts';
import { type Issuer, type Passage, tokenHash, verifyToken } from './verify-token.ts';

export type { DpopProof } from './dpop.ts';
export type { Passage, WaitApart } from './verify-token.ts';

/** State of one issuer's keys; see `KeySetStatus`. */
interface IssuerStatus extends KeySetStatus {
  /** The operator's name for it. */
  readonly name: string;
}

/** Turns subject tokens into identities, for one configuration. Safe to call concurrently. */
export interface Verifier {
  /**
   * Who a token says its bearer is, or why it is not believed. Never throws for what a token or
   * proof holds; rejects only when the single-use memory breaks. Answers without a promise when
   * nothing needs waiting for, which is the rule once keys are known.
   */
  verify(
    token: string,
    proof?: DpopProof,
    passage?: Passage,
  ): Identity | Refusal | Promise<Identity | Refusal>;
  /** SHA-256 of a token in hexadecimal, as in `Identity.tokenHash`. */
  hash(token: string): string;
  /** Fetches all missing key sets. Resolves when done, successful or not. */
  prewarm(): Promise<void>;
  status(): readonly IssuerStatus[];
  /**
   * Stops refreshing keys and ends fetches under way, but for key sets that `successor` (made with
   * `reusing` this one) goes on with. Tokens can still be verified with the keys it has.
   */
  close(successor?: Verifier): void;
  /** By what they are fetched from; for `reusing`. */
  readonly keySets: ReadonlyMap<string, KeySet>;
}

export interface VerifierParts {
  readonly issuers: readonly IssuerSpec[];
  readonly clock: Clock;
  readonly singleUse: SingleUse;
  /** The largest token that is looked at, in bytes. */
  readonly tokenBytes: number;
  /** The global one unless given. */
  readonly fetch?: Fetch | undefined;
  /** How many tokens may wait for the keys of one issuer; more are refused at once. */
  readonly maxWaiting?: number;
  /** Told about keys of an issuer that can't be used, once each time they change. */
  readonly onNotice?: (issuer: string, notice: string) => void;
  /** The verifier of the configuration before: issuers whose keys come from the same place keep them. */
  readonly reusing?: Verifier | undefined;
}

/** How often key sets are looked at for whether they are due; when they are is the key set's to know. */
const REFRESH_CHECK_MILLISECONDS = 15_000;

const MAX_WAITING = 250;

/** Throws when two issuers claim the same `iss`: the configuration should not have let that through. */
export function createVerifier(parts: VerifierParts): Verifier {
  const { clock, singleUse, tokenBytes } = parts;
  const keySets = new Map<string, KeySet>();
  const named = parts.issuers.map((spec) => ({ spec, keys: keySetFor(spec, parts, keySets) }));
  const issuers = byIss(named);
  const refreshing = setInterval(() => {
    for (const keySet of keySets.values()) keySet.refreshIfDue();
  }, REFRESH_CHECK_MILLISECONDS).unref();

  return {
    verify: (token, proof, passage = {}) =>
      verifyToken({ issuers, clock, singleUse, tokenBytes }, token, proof, passage),
    hash: tokenHash,
    prewarm: async () => {
      await Promise.all([...keySets.values()].map((keySet) => keySet.prewarm()));
    },
    status: () => named.map(({ spec, keys }) => ({ name: spec.name, ...keys.status() })),
    close: (successor) => {
      clearInterval(refreshing);
      for (const [source, keySet] of keySets) {
        if (successor?.keySets.get(source) !== keySet) keySet.close();
      }
    },
    keySets,
  };
}

/** The key set that an issuer's keys come from: one that is there already, of this verifier or the one before, or a new one. */
function keySetFor(
  spec: IssuerSpec,
  { clock, fetch, reusing, maxWaiting = MAX_WAITING, onNotice }: VerifierParts,
  keySets: Map<string, KeySet>,
): KeySet {
  const { keys, algorithms, allowInsecureHttp, maxKeyAgeSeconds } = spec;
  const source = JSON.stringify([keys, algorithms, allowInsecureHttp, maxKeyAgeSeconds]);
  const keySet =
    keySets.get(source) ??
    reusing?.keySets.get(source) ??
    createKeySet({
      spec,
      clock,
      maxWaiting,
      fetch: guardedFetch({ allowInsecureHttp, fetch }),
      onNotice: (notice) => onNotice?.(spec.name, notice),
    });
  keySets.set(source, keySet);
  return keySet;
}

function byIss(
  named: readonly { readonly spec: IssuerSpec; readonly keys: KeySet }[],
): ReadonlyMap<string, Issuer> {
  const issuers = new Map<string, Issuer>();
  for (const { spec, keys } of named) {
    const { name, algorithms } = spec;
    const issuer = { name, algorithms, keys, demands: demandsOf(spec), subject: subjectRule(spec) };
    for (const iss of spec.issuers) {
      if (issuers.has(iss)) throw new Error(`two issuers are configured for the iss ${iss}`);
      issuers.set(iss, issuer);
    }
  }
  return issuers;
}

/**
 * Verifies by the verifier in force. When a reload replaces it while a token waits, the token is
 * verified once more, by the new one; nothing of it is used up twice.
 */
export function verifierInForce(inForce: () => Verifier): Pick<Verifier, 'verify'> {
  return {
    async verify(token, proof, passage: Passage = {}) {
      for (;;) {
        const verifier = inForce();
        const outcome = await verifier.verify(token, proof, passage);
        if (inForce() === verifier) return outcome;
      }
    },
  };
}
