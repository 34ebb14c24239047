import type { Passage, Verifier } from './verify.ts';

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
