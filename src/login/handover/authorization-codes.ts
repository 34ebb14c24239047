import { CLOCKS_DIFFER_SECONDS, unixSeconds } from '../../clock.ts';
import { Refusal } from '../../errors.ts';
import type { UserPublicKey } from '../../nats/nkeys.ts';
import { fitsChallenge, hashOfSecret, newSecret } from './secrets.ts';
import { answerOnce, grantInvalid, type HandoverParts, TAKEN_OVER, whoIs } from './answer-once.ts';
import { type Ending, handoverRecords } from './records.ts';
import type { Handovers } from '../handovers.ts';
import type { Caller, Session } from '../session.ts';
import { sessionOfItsOwn } from '../session/start-session.ts';

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
  /** Unix seconds; in case the session doesn't open any more. */
  readonly sessionEndsAt: number;
}

type Sent = Parameters<Handovers['redeemCode']>[0];

/** Under this name codes are claimed; no issuer is called so. */
const SINGLE_USE_NAME = 'nats-sts:code';

export type AuthorizationCodes = Pick<Handovers, 'grantCode' | 'refuseCode' | 'redeemCode'> & {
  prune(): Promise<void>;
};

/** One-time codes to a loopback port (RFC 6749 §4.1, RFC 7636, RFC 8252). */
export function authorizationCodes(
  parts: HandoverParts,
  { capacity }: { readonly capacity?: number } = {},
): AuthorizationCodes {
  const { journal, keeper, singleUse, clock } = parts;
  const records = handoverRecords<CodeRecord>({
    ...parts,
    prefix: 'code.',
    rememberedSeconds: 0,
    ...(capacity !== undefined && { capacity }),
  });

  /** The program's own session, if it sent what the code was made for. */
  async function fitting(
    record: CodeRecord,
    { redirectUri, codeVerifier }: Sent,
    id: string,
  ): Promise<Session | Refusal> {
    const wrong = mismatch(record, redirectUri, codeVerifier);
    if (wrong) return grantInvalid(wrong);
    const agreed = await keeper.open(record.session);
    return agreed instanceof Refusal ? agreed : sessionOfItsOwn(agreed, id);
  }

  /** Two have the code, and nobody can tell which of them was handed the session (RFC 6749 §4.1.2). */
  async function cameAgain(record: CodeRecord, id: string, caller: Caller): Promise<Refusal> {
    const unended = await keeper.end({ id, endsAt: record.sessionEndsAt });
    if (unended) return unended;
    const agreed = await keeper.open(record.session);
    const who = agreed instanceof Refusal ? { session: id } : whoIs(sessionOfItsOwn(agreed, id));
    const refusal = grantInvalid('a used code came again: the session was ended');
    return journal.refuse({ ...who, ...whatOf(record), refusal }, caller);
  }

  return {
    async grantCode(ask, session, caller) {
      const { redirectUri, codeChallenge, userPublicKey, role, ttlSeconds, program } = ask;
      const full = await records.full();
      if (full) return full;
      const sealed = await keeper.seal(session);
      const entry = { ...whoIs(session), program, role, user: userPublicKey };
      const unrecorded = await journal.record({ ...entry, step: 'agreed' }, caller);
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
        sessionEndsAt: session.endsAt,
        expiresAt: unixSeconds(clock) + LIVES_SECONDS,
      });
      return code;
    },

    async refuseCode({ program, userPublicKey }, session, caller) {
      const entry = { ...whoIs(session), program, user: userPublicKey };
      return journal.record({ ...entry, step: 'refused' }, caller);
    },

    async redeemCode(sent, caller, issue = async () => undefined) {
      const name = hashOfSecret(sent.code);
      const found = await records.find(name);
      if (!found || found.over) {
        return journal.refuse({ refusal: grantInvalid('no such code') }, caller);
      }
      const { record } = found;
      const id = sessionIdFor(name);
      const until = record.expiresAt + CLOCKS_DIFFER_SECONDS;
      // Of any number that come at once, one goes on from here. The record stays, to tell that it comes again.
      const held = await singleUse.hold(SINGLE_USE_NAME, name, until);
      if (!held) return cameAgain(record, id, caller);
      const what = whatOf(record);
      const session = await fitting(record, sent, id);
      if (session instanceof Refusal) {
        // A wrong verifier gets no second try, and ends nothing when it comes again.
        if (!(await held.settle())) return TAKEN_OVER;
        await records.take(name, found);
        return journal.refuse({ ...what, refusal: session }, caller);
      }
      const { userPublicKey, role, ttlSeconds, program } = record;
      const handover = { session, userPublicKey, role, ttlSeconds, program };
      return answerOnce(held, handover, async () => {
        const entry = { ...whoIs(session), ...what };
        const unrecorded = await journal.record({ ...entry, step: 'handed-over' }, caller);
        return unrecorded ?? issue(handover);
      });
    },

    prune: () => records.prune(),
  };
}

/**
 * Every attempt to redeem a code is for the same session: whichever is answered, one that comes again
 * knows what to end. `name` is a hash of the code.
 */
function sessionIdFor(name: string): string {
  return hashOfSecret(`session of ${name}`).slice(0, SESSION_ID_CHARACTERS);
}

/** 128 bits in base64url, as of other sessions. */
const SESSION_ID_CHARACTERS = 22;

/** What a code is about, for the record. */
function whatOf({ program, role, userPublicKey: user }: CodeRecord) {
  return { program, role, user };
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
