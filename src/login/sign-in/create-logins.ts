import { unixSeconds } from '../../clock.ts';
import { Refusal } from '../../errors.ts';
import { ATTEMPT_SECONDS, attemptId, newAttempt } from './attempt.ts';
import { readCallback } from './callback.ts';
import { finishLogin, type FinishParts } from './finish-login.ts';
import type { LoginSpec } from '../login-spec.ts';
import type { BegunLogin, Logins } from '../logins.ts';
import { LOGIN_NOT_CONFIGURED } from './refusals.ts';
import { createRelyingParty, type RelyingPartyParts } from './relying-party.ts';
import { safeReturnPath } from './return-path.ts';
import type { Caller, Session } from '../session.ts';

export interface LoginsParts extends Omit<FinishParts, 'parties'>, Omit<RelyingPartyParts, 'spec'> {
  /** Where people can sign in, in order. */
  readonly specs: readonly LoginSpec[];
}

type JoinedParts = LoginsParts & FinishParts;

/** Sign-in at the issuers of one configuration. `close` ends requests in progress. */
export function createLogins(logins: LoginsParts): Logins & { close(): void } {
  const { specs, keeper } = logins;
  const parties = new Map(
    specs.map((spec) => [spec.issuerName, createRelyingParty({ ...logins, spec })]),
  );
  const parts = { ...logins, parties };
  const issuers = specs.map(({ issuerName: name, title }) => ({ name, title }));
  return {
    issuers: () => issuers,
    begin: (ask, caller) => begin(parts, ask, caller),
    attemptIdOf(url) {
      const callback = readCallback(url);
      return callback && attemptId(callback.state);
    },
    finish: (answer, caller) => finishLogin(parts, answer, caller),
    open: (sealed) => keeper.open(sealed),
    signOut: (session, caller) => signOut(parts, session, caller),
    close: () => {
      for (const party of parties.values()) party.close();
    },
  };
}

async function begin(
  parts: JoinedParts,
  ask: Parameters<Logins['begin']>[0],
  caller: Caller,
): Promise<BegunLogin | Refusal> {
  const { parties, sealer, journal, clock, publicUrl } = parts;
  const { issuerName } = ask;
  const party = parties.get(issuerName);
  // The name is untrusted text, so it is not recorded.
  if (!party) return LOGIN_NOT_CONFIGURED;
  const endsAt = unixSeconds(clock) + ATTEMPT_SECONDS;
  const returnTo = safeReturnPath(ask.returnTo, publicUrl());
  const attempt = newAttempt(party.spec, { returnTo, endsAt });
  const url = await party.authorizationUrl(attempt);
  if (url instanceof Refusal) {
    return journal.refuse({ issuerName, refusal: url }, caller);
  }
  const unrecorded = await journal.record({ step: 'begun', issuerName }, caller);
  if (unrecorded) return unrecorded;
  return {
    url,
    attemptId: attemptId(attempt.state),
    attempt: await sealer.seal('attempt', attempt, endsAt),
    attemptSeconds: ATTEMPT_SECONDS,
  };
}

async function signOut(
  { parties, keeper, journal }: JoinedParts,
  session: Session,
  caller: Caller,
): Promise<{ readonly issuerUrl?: URL } | Refusal> {
  const { id, identity, idToken } = session;
  const { issuerName } = identity;
  const unrecorded = await journal.record(
    { step: 'signed-out', issuerName, identity, session: id },
    caller,
  );
  const refusal = unrecorded ?? (await keeper.end(session));
  if (refusal) return refusal;
  const issuerUrl = await parties.get(issuerName)?.endSessionUrl(idToken);
  return issuerUrl ? { issuerUrl } : {};
}
