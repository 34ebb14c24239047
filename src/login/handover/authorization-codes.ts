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

/** The request behind a code. It is stored under the code's hash, so that a reader of the store cannot use the code. */
interface CodeRecord extends Ending {
  readonly redirectUri: string;
  readonly codeChallenge: string;
  readonly userPublicKey: UserPublicKey;
  readonly role: string;
  readonly ttlSeconds?: number;
  readonly program: string;
  /** Sealed. */
  readonly session: string;
  /** Unix seconds; needed if the session no longer opens. */
  readonly sessionEndsAt: number;
}

type Sent = Parameters<Handovers['redeemCode']>[0];

/** The name under which codes are claimed; no issuer can have it. */
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

  /** The program's own session, if it sent the parameters that the code was issued for. */
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

  /** Two callers have the code, and one of them may be a thief (RFC 6749 §4.1.2). */
  async function sentAgain(record: CodeRecord, id: string, caller: Caller): Promise<Refusal> {
    const unended = await keeper.end({ id, endsAt: record.sessionEndsAt });
    if (unended) return unended;
    const agreed = await keeper.open(record.session);
    const who = agreed instanceof Refusal ? { session: id } : whoIs(sessionOfItsOwn(agreed, id));
    const refusal = grantInvalid('a used code was sent again, so the session was ended');
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
      // Of concurrent requests only one continues. The record stays, so that we notice when the code is sent again.
      const held = await singleUse.hold(SINGLE_USE_NAME, name, until);
      if (!held) return sentAgain(record, id, caller);
      const what = whatOf(record);
      const session = await fitting(record, sent, id);
      if (session instanceof Refusal) {
        // A wrong verifier gets no second try, and ends no session when the code is sent again.
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
 * Every attempt to redeem a code leads to the same session id, so that a code sent again tells which
 * session to end. `name` is a hash of the code.
 */
function sessionIdFor(name: string): string {
  return hashOfSecret(`session of ${name}`).slice(0, SESSION_ID_CHARACTERS);
}

/** 128 bits in base64url, like other session ids. */
const SESSION_ID_CHARACTERS = 22;

/** What the code hands over, for the record. */
function whatOf({ program, role, userPublicKey: user }: CodeRecord) {
  return { program, role, user };
}

/** How a request differs from the one that the code was issued for (RFC 6749 §4.1.3, RFC 7636 §4.6). */
function mismatch(
  { redirectUri, codeChallenge }: CodeRecord,
  sentUri: string,
  codeVerifier: string,
): string | undefined {
  if (sentUri !== redirectUri) return 'redirect_uri differs from the one requested';
  return fitsChallenge(codeVerifier, codeChallenge)
    ? undefined
    : 'code_verifier does not match code_challenge';
}
