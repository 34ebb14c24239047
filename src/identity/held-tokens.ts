import type { Refusal } from '../errors.ts';
import type { Held } from './single-use.ts';
import { notTaken, TOKEN_REUSED } from './single-use-refusals.ts';

/** The tokens of one request that may be used once. */
export interface HeldTokens {
  readonly keep: (held: Held) => void;
  /** Right before the answer: they are used now. A refusal where that is not so, or not known. */
  settle(): Promise<Refusal | undefined>;
  /** There will be no answer, but "try again". */
  release(): void;
}

export function heldTokens(): HeldTokens {
  const all: Held[] = [];
  return {
    keep: (held) => void all.push(held),
    async settle() {
      const tokens = all.splice(0);
      try {
        for (const held of tokens) if (!(await held.settle())) return TOKEN_REUSED;
        return undefined;
      } catch (fault) {
        for (const held of tokens) held.release();
        return notTaken(fault);
      }
    },
    release() {
      for (const held of all.splice(0)) held.release();
    },
  };
}
