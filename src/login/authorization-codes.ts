import { unixSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { UserPublicKey } from '../nats/nkeys.ts';
import { fitsChallenge } from './code-challenge.ts';
import { failed, grantInvalid, type HandoverParts, whoIs } from './handover-parts.ts';
import { type Ending, handoverRecords } from './handover-records.ts';
import type { Handovers } from './handovers.ts';
import { hashOfSecret, newSecret } from './one-time-secret.ts';
import type { Caller, Session } from './session.ts';
import { sessionOfItsOwn } from './start-session.ts';

/** A program on the same machine fetches it at once (RFC 6749 §4.1.2 allows ten minutes at most). */
const LIVES_SECONDS = 60;

/** What a code stands for; under its hash, so that whoever reads the store can't use it. */
interface CodeRecord extends Ending {
  /** Set once it is redeemed: it stays until its end, to tell that it comes again. */
  readonly handedOver?: HandedOver;
  readonly redirectUri: string;
  readonly codeChallenge: string;
  readonly userPublicKey: UserPublicKey;
  readonly role: string;
  readonly ttlSeconds?: number;
  readonly program: string;
  /** Sealed. */
  readonly session: string;
}

type Sent = Parameters<Handovers['redeemCode']>[0];

/** The session that a program got for a code. */
type HandedOver = Pick<Session, 'id' | 'endsAt'>;

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

  /** The program's own session, if it sent what the code was made for. */
  async function fitting(
    record: CodeRecord,
    { redirectUri, codeVerifier }: Sent,
  ): Promise<Session | Refusal> {
    const wrong = mismatch(record, redirectUri, codeVerifier);
    if (wrong) return grantInvalid(wrong);
    const agreed = await keeper.open(record.session);
    return agreed instanceof Refusal ? agreed : sessionOfItsOwn(agreed);
  }

  /** Two have the code, and nobody can tell which of them was handed the session (RFC 6749 §4.1.2). */
  async function cameAgain(
    record: CodeRecord,
    handedOver: HandedOver,
    caller: Caller,
  ): Promise<Refusal> {
    const unended = await keeper.end(handedOver);
    if (unended) return unended;
    const agreed = await keeper.open(record.session);
    const { id } = handedOver;
    const who =
      agreed instanceof Refusal ? { session: id } : whoIs({ ...sessionOfItsOwn(agreed), id });
    const refusal = grantInvalid('a used code came again: the session was ended');
    return failed(parts, { ...who, ...whatOf(record), refusal }, caller);
  }

  /** Somebody was faster; it ends what they have, if they were handed anything. */
  async function cameLate(name: string, caller: Caller): Promise<Refusal> {
    const record = (await records.find(name))?.record;
    return record?.handedOver
      ? cameAgain(record, record.handedOver, caller)
      : failed(parts, { refusal: grantInvalid('the code was used') }, caller);
  }

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

    async redeemCode(sent, caller) {
      const name = hashOfSecret(sent.code);
      const found = await records.find(name);
      if (!found || found.over) {
        return failed(parts, { refusal: grantInvalid('no such code') }, caller);
      }
      const { record } = found;
      if (record.handedOver) return cameAgain(record, record.handedOver, caller);
      const what = whatOf(record);
      const session = await fitting(record, sent);
      if (session instanceof Refusal) {
        // A wrong verifier gets no second try.
        if (!(await records.take(name, found))) return cameLate(name, caller);
        return failed(parts, { ...what, refusal: session }, caller);
      }
      const { id, endsAt } = session;
      // It is used before it is handed over: of any number that come at once, one goes on from here.
      const used = { ...record, handedOver: { id, endsAt } };
      if (!(await records.replace(name, found, used))) return cameLate(name, caller);
      const entry = { ...whoIs(session), ...what };
      const unrecorded = await journal.tell({ ...entry, step: 'handed-over' }, caller);
      const { userPublicKey, role, ttlSeconds, program } = record;
      return unrecorded ?? { session, userPublicKey, role, ttlSeconds, program };
    },

    prune: () => records.prune(),
  };
}

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
