import { Refusal } from '../../errors.ts';
import type { Identity } from '../../identity/identity.ts';
import { type SingleUse, SingleUseFull, SingleUseUnavailable } from '../../identity/single-use.ts';
import type { Verifier } from '../../identity/verify.ts';
import { type Clock, CLOCKS_DIFFER_SECONDS } from '../../clock.ts';
import { type Attempt, beganAt, readAttempt } from './attempt.ts';
import { type Callback, cameElsewhere, readCallback } from './callback.ts';
import type { LoginSpec } from '../login-spec.ts';
import { issuerSaid } from './issuer-text.ts';
import type { Journal } from '../journal.ts';
import { MAX_SESSION_CHARACTERS } from '../session/create-session-keeper.ts';
import type { FailedLogin, FinishedLogin, LoginAnswer } from '../logins.ts';
import {
  issuerMismatch,
  LOGIN_NOT_CONFIGURED,
  loginFailed,
  loginUnknown,
  sessionTooLarge,
} from './refusals.ts';
import type { RelyingParty } from './relying-party.ts';
import type { TextSealer } from '../text-sealer.ts';
import type { Caller, SessionKeeper } from '../session.ts';
import { startSession } from '../session/start-session.ts';

export interface FinishParts {
  /** By the issuer's name. */
  readonly parties: ReadonlyMap<string, RelyingParty>;
  /** Always of the configuration in force. */
  readonly verifier: Pick<Verifier, 'verify'>;
  /** The login that the configuration in force has for an issuer's name. */
  readonly login: (issuerName: string) => LoginSpec | undefined;
  readonly sealer: TextSealer;
  readonly keeper: SessionKeeper;
  readonly singleUse: SingleUse;
  readonly journal: Journal;
  readonly clock: Clock;
}

/** Finishes a login: each step either continues or fails the login, and the reason is recorded. */
export async function finishLogin(
  parts: FinishParts,
  answer: LoginAnswer,
  caller: Caller,
): Promise<FinishedLogin | FailedLogin> {
  // Which login is this?
  const callback = readCallback(answer.url);
  const attempt = await attemptOf(parts, callback, answer.attempt);
  if (callback === undefined || attempt instanceof Refusal) {
    const incomplete = !isComplete(parts, callback);
    const refusal = attempt instanceof Refusal ? attempt : NO_STATE;
    return { ...(await failed(parts, caller, {}, refusal)), ...(incomplete && { incomplete }) };
  }
  const party = parts.parties.get(attempt.issuerName);
  if (!party) return failed(parts, caller, {}, LOGIN_NOT_CONFIGURED);
  if (!beganAt(attempt, party.spec)) return failed(parts, caller, { attempt }, RECONFIGURED);
  const known = { attempt, callback };
  const used = await useUp(parts, attempt);
  if (used) return failed(parts, caller, known, used);
  const elsewhere = cameElsewhere(callback, party.spec);
  if (elsewhere) return failed(parts, caller, known, elsewhere);

  // Who is it?
  const idToken = await party.redeem(callback, attempt);
  if (idToken instanceof Refusal) return failed(parts, caller, known, idToken);
  const identity = await identify(parts, idToken, attempt);
  if (identity instanceof Refusal) return failed(parts, caller, known, identity);
  // A reload may have changed issuer and client while we waited.
  const spec = parts.login(attempt.issuerName);
  if (!spec) return failed(parts, caller, { ...known, identity }, LOGIN_NOT_CONFIGURED);
  if (!beganAt(attempt, spec)) return failed(parts, caller, { ...known, identity }, RECONFIGURED);

  // The session, as the cookie will hold it.
  const session = startSession({ identity, idToken, spec, clock: parts.clock });
  const sealed = await parts.keeper.seal(session);
  const refusal = await unusable(parts, sealed);
  if (refusal) return failed(parts, caller, { ...known, identity }, refusal);

  // Record: a sign-in that cannot be recorded fails.
  const { issuerName, returnTo } = attempt;
  const entry = { step: 'signed-in', issuerName, identity, session: session.id } as const;
  const unrecorded = await parts.journal.record(entry, caller);
  return unrecorded ? { refusal: unrecorded, issuerName, returnTo } : { session, sealed, returnTo };
}

/** The attempt that this browser began, if the answer belongs to it. */
async function attemptOf(
  { sealer }: FinishParts,
  callback: Callback | undefined,
  sealed: string | undefined,
): Promise<Attempt | Refusal> {
  if (callback === undefined) return NO_STATE;
  if (sealed === undefined) return loginUnknown('the browser sent no login attempt for this state');
  const attempt = readAttempt(await sealer.open('attempt', sealed));
  if (attempt === undefined)
    return loginUnknown('the login attempt is forged, from another deployment, or expired');
  return attempt.state === callback.state
    ? attempt
    : loginUnknown('the state belongs to another login attempt');
}

/** Whether, by its form alone, it could be the answer to some attempt. */
function isComplete({ parties }: FinishParts, callback: Callback | undefined): boolean {
  if (callback === undefined) return false;
  const { path, code, error } = callback;
  const known = [...parties.values()].some(({ spec }) => spec.redirectPath === path);
  return known && (code !== undefined || error !== undefined);
}

const NO_STATE = loginUnknown('the answer has no state, or repeats a parameter');

const RECONFIGURED = loginUnknown('the issuer or client of this login changed after it began');

/** Each state is valid once across all replicas, so an answer that is sent again fails. */
async function useUp(
  { singleUse }: FinishParts,
  { state, endsAt }: Attempt,
): Promise<Refusal | undefined> {
  try {
    const first = await singleUse.claim('nats-sts:login', state, endsAt + CLOCKS_DIFFER_SECONDS);
    return first ? undefined : loginUnknown('the state was already used');
  } catch (fault) {
    if (fault instanceof SingleUseFull || fault instanceof SingleUseUnavailable) {
      return notRemembered(fault);
    }
    throw fault;
  }
}

function notRemembered(fault: SingleUseFull | SingleUseUnavailable): Refusal {
  const [reason, retryAfterSeconds] =
    fault instanceof SingleUseFull
      ? (['overloaded', 60] as const)
      : (['store_unavailable', 5] as const);
  const message = 'The service cannot record this sign-in now. Try again soon.';
  return new Refusal(reason, message, { detail: fault.message, retryAfterSeconds });
}

/** Applies the same rules as to every other token, and those of a login. */
async function identify(
  { verifier }: FinishParts,
  idToken: string,
  { issuerName }: Attempt,
): Promise<Identity | Refusal> {
  const identity = await verifier.verify(idToken);
  if (!(identity instanceof Refusal)) {
    return identity.issuerName === issuerName
      ? identity
      : issuerMismatch(
          `the ID token is from ${identity.issuerName}, but the login was at ${issuerName}`,
        );
  }
  if (identity.code === 'temporarily_unavailable') return identity;
  const { reason, message, detail } = identity;
  const why = `the ID token was rejected, ${reason}: ${detail ?? message}`;
  return reason === 'token_too_large' ? sessionTooLarge(why) : loginFailed(why);
}

/** Why the session would not open: it is too large, it has expired, or its identity is revoked. */
async function unusable({ keeper }: FinishParts, sealed: string): Promise<Refusal | undefined> {
  if (sealed.length > MAX_SESSION_CHARACTERS) {
    return sessionTooLarge(`the sealed session has ${sealed.length} characters`);
  }
  const opened = await keeper.open(sealed);
  return opened instanceof Refusal ? opened : undefined;
}

interface Known {
  readonly attempt?: Attempt;
  readonly callback?: Callback;
  readonly identity?: Identity;
}

async function failed(
  { journal }: FinishParts,
  caller: Caller,
  { attempt, callback, identity }: Known,
  refusal: Refusal,
): Promise<FailedLogin> {
  const issuerName = attempt && { issuerName: attempt.issuerName };
  const entry = { ...issuerName, ...(identity && { identity }), refusal };
  const answer = await journal.refuse(entry, caller);
  // Do not pass on text that claims to be from an issuer we did not ask.
  const theirs = refusal.reason !== 'login_issuer_mismatch' && issuerSaid(saidBy(callback));
  return {
    refusal: answer,
    ...issuerName,
    ...(attempt && { returnTo: attempt.returnTo }),
    ...(theirs && { issuerSaid: theirs }),
  };
}

function saidBy(callback: Callback | undefined): string | undefined {
  return callback?.error === undefined ? undefined : (callback.errorDescription ?? callback.error);
}
