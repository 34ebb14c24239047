import { unixSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { UserPublicKey } from '../nats/nkeys.ts';
import { fitsChallenge } from './code-challenge.ts';
import { failed, grantInvalid, type HandoverParts, whoIs } from './handover-parts.ts';
import { type Ending, handoverRecords } from './handover-records.ts';
import type { Handovers } from './handovers.ts';
import { hashOfSecret, newSecret } from './one-time-secret.ts';
import { sessionOfItsOwn } from './start-session.ts';

/** A program on the same machine fetches it at once (RFC 6749 §4.1.2 allows ten minutes at most). */
const LIVES_SECONDS = 60;

/** What a code stands for; under its hash, so that whoever reads the store can't use it. */
interface CodeRecord extends Ending {
  readonly redirectUri: string;
  readonly codeChallenge: string;
  readonly userPublicKey: UserPublicKey;
  readonly role: string;
  readonly ttlSeconds?: number;
  readonly program: string;
  /** Sealed. */
  readonly session: string;
}

export type AuthorizationCodes = Pick<Handovers, 'grantCode' | 'refuseCode' | 'redeemCode'> & {
  prune(): Promise<void>;
};

/** One-time codes to a loopback port (RFC 6749 §4.1, RFC 7636, RFC 8252). */
export function authorizationCodes(
  parts: HandoverParts,
  { capacity }: { readonly capacity?: number } = {},
): AuthorizationCodes {
  const { journal, keeper, clock } = parts;
  const records = handoverRecords<CodeRecord>({
    ...parts,
    prefix: 'code.',
    rememberedSeconds: 0,
    ...(capacity !== undefined && { capacity }),
  });

  return {
    async grantCode(ask, session, caller) {
      const { redirectUri, codeChallenge, userPublicKey, role, ttlSeconds, program } = ask;
      const full = await records.full();
      if (full) return full;
      const sealed = await keeper.seal(session);
      const entry = { ...whoIs(session), program, role, user: userPublicKey };
      const unrecorded = await journal.tell({ ...entry, step: 'agreed' }, caller);
      if (unrecorded) return unrecorded;
      const code = newSecret();
      await records.put(hashOfSecret(code), {
        redirectUri,
        codeChallenge,
        userPublicKey,
        role,
        ...(ttlSeconds !== undefined && { ttlSeconds }),
        program,
        session: sealed,
        expiresAt: unixSeconds(clock) + LIVES_SECONDS,
      });
      return code;
    },

    async refuseCode({ program, userPublicKey }, session, caller) {
      const entry = { ...whoIs(session), program, user: userPublicKey };
      return journal.tell({ ...entry, step: 'refused' }, caller);
    },

    async redeemCode({ code, redirectUri, codeVerifier }, caller) {
      const name = hashOfSecret(code);
      const found = await records.find(name);
      // It is gone before it is looked at: a wrong verifier gets no second try.
      if (!found || !(await records.take(name, found)) || found.over) {
        return failed(parts, { refusal: grantInvalid('no such code') }, caller);
      }
      const { userPublicKey, role, ttlSeconds, program, session: sealed } = found.record;
      const what = { program, role, user: userPublicKey };
      const wrong = mismatch(found.record, redirectUri, codeVerifier);
      if (wrong) return failed(parts, { ...what, refusal: grantInvalid(wrong) }, caller);
      const agreed = await keeper.open(sealed);
      if (agreed instanceof Refusal) return failed(parts, { ...what, refusal: agreed }, caller);
      const session = sessionOfItsOwn(agreed);
      const entry = { ...whoIs(session), ...what };
      const unrecorded = await journal.tell({ ...entry, step: 'handed-over' }, caller);
      return unrecorded ?? { session, userPublicKey, role, ttlSeconds, program };
    },

    prune: () => records.prune(),
  };
}

/** What of a request for a code's credential differs from the one that the code was made for (RFC 6749 §4.1.3, RFC 7636 §4.6). */
function mismatch(
  { redirectUri, codeChallenge }: CodeRecord,
  sentUri: string,
  codeVerifier: string,
): string | undefined {
  if (sentUri !== redirectUri) return 'another redirect_uri';
  return fitsChallenge(codeVerifier, codeChallenge) ? undefined : 'another code_verifier';
}
