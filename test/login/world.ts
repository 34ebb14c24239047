import { generateKeyPairSync } from 'node:crypto';
import type { Clock } from '../../src/clock.ts';
import { Refusal } from '../../src/errors.ts';
import { memorySingleUse, type SingleUse } from '../../src/identity/single-use.ts';
import { createVerifier } from '../../src/identity/verify.ts';
import { createLogins } from '../../src/login/sign-in/create-logins.ts';
import { type EndedSessions, openEndedSessions } from '../../src/login/session/ended-sessions.ts';
import type { FailedEntry, JournalEntry } from '../../src/login/journal.ts';
import { createSessionKeeper } from '../../src/login/session/create-session-keeper.ts';
import type { LoginSpec } from '../../src/login/login-spec.ts';
import type { BegunLogin, FailedLogin, FinishedLogin, Logins } from '../../src/login/logins.ts';
import type { SessionKeeper } from '../../src/login/session.ts';
import { createTextSealer } from '../../src/login/text-sealer.ts';
import { indexRevocations } from '../../src/revocation/revocation-index.ts';
import { refusalsBy } from '../../src/revocation/revocations.ts';
import type { SharedState } from '../../src/store/shared-state.ts';
import { memoryState } from '../revocation/memory-state.ts';
import { issuerSpec } from '../support/issuer.ts';

/** Nobody is there: browsers stop before it. */
export const PUBLIC_URL = 'https://sts.test';
export const REDIRECT_URI = `${PUBLIC_URL}/login/callback`;
export const CALLER = { requestId: 'r1', address: '192.0.2.1' };
const SEALING_KEY = Buffer.alloc(32, 7);

export const PEOPLE = [
  {
    id: 'ada',
    name: 'Ada Lovelace',
    claims: { email: 'ada@example.test', groups: ['engines', 'notes'] },
  },
  { id: 'grace', name: 'Grace Hopper' },
];

/** The real time, and whatever a test adds to it: the provider's clock can't be held still. */
function shiftableClock(): Clock & { pass(seconds: number): void } {
  let offset = 0;
  return {
    now: () => Date.now() + offset * 1_000,
    pass: (seconds) => {
      offset += seconds;
    },
  };
}

export function loginSpec(
  changes: Partial<Omit<LoginSpec, 'idToken'>> & {
    readonly issuer: string;
    readonly idToken?: Partial<LoginSpec['idToken']>;
  },
): LoginSpec {
  const { issuer, issuerName = 'company', clientId = 'sts' } = changes;
  return {
    issuerName,
    title: 'The company',
    clientId,
    redirectPath: '/login/callback',
    authentication: { method: 'secret', secret: SECRET },
    scopes: ['openid', 'profile'],
    sessionSeconds: 28_800,
    ...changes,
    idToken: issuerSpec({
      name: issuerName,
      issuers: [issuer],
      keys: { kind: 'discovery', issuer },
      algorithms: ['RS256', 'Ed25519'],
      kinds: ['id_token'],
      audiences: [clientId],
      capToTokenExpiry: false,
      ...changes.idToken,
    }),
  };
}

export const SECRET = 'correct-horse+battery/staple:of=the%company';

/** A client of the provider that goes with `loginSpec`. */
export const WEB_CLIENT = {
  id: 'sts',
  secret: SECRET,
  redirectUris: [REDIRECT_URI],
  postLogoutRedirectUris: [`${PUBLIC_URL}/`],
};

type Written = JournalEntry | ({ readonly step: 'failed' } & FailedEntry);

export interface Replica extends Disposable {
  readonly logins: Logins;
  readonly keeper: SessionKeeper;
  readonly ended: EndedSessions;
  readonly clock: ReturnType<typeof shiftableClock>;
  /** What was told to the journal. */
  readonly journal: Written[];
  readonly revocations: ReturnType<typeof indexRevocations>;
  /** From now on the journal can write nothing down. */
  breakJournal(): void;
}

/** One process of ours, as far as logins go. Several share `state` and `singleUse`. */
export async function startReplica(options: {
  readonly specs: readonly LoginSpec[];
  readonly state?: SharedState;
  readonly singleUse?: SingleUse;
  readonly sealingKeys?: readonly Uint8Array[];
  readonly publicUrl?: string;
  readonly tokenBytes?: number;
  /** The login in force, where it is not one of `specs`. */
  readonly login?: (issuerName: string) => LoginSpec | undefined;
  readonly timeoutMilliseconds?: number;
}): Promise<Replica> {
  const { specs, publicUrl = PUBLIC_URL, timeoutMilliseconds } = options;
  const clock = shiftableClock();
  const singleUse = options.singleUse ?? memorySingleUse({ clock });
  const verifier = createVerifier({
    issuers: specs.map(({ idToken }) => idToken),
    clock,
    singleUse,
    tokenBytes: options.tokenBytes ?? 16_384,
  });
  const sealer = createTextSealer({
    keys: options.sealingKeys ?? [SEALING_KEY],
    audience: () => publicUrl,
    clock,
  });
  const ended = await openEndedSessions({ state: options.state ?? memoryState(), clock });
  const revocations = indexRevocations();
  const keeper = createSessionKeeper({
    sealer,
    ended,
    revocations: refusalsBy(revocations),
    login: (name) => specs.find(({ issuerName }) => issuerName === name),
    clock,
  });
  const journal: Written[] = [];
  const inForce = (name: string) => specs.find(({ issuerName }) => issuerName === name);
  let broken = false;
  const logins = createLogins({
    specs,
    publicUrl: () => publicUrl,
    verifier,
    sealer,
    keeper,
    login: options.login ?? inForce,
    singleUse,
    clock,
    journal: {
      record: async (entry) => {
        if (broken) return UNRECORDED;
        journal.push(entry);
        return undefined;
      },
      refuse: async (entry) => {
        if (broken) return UNRECORDED;
        journal.push({ step: 'failed', ...entry });
        return entry.refusal;
      },
    },
    ...(timeoutMilliseconds !== undefined && { timeoutMilliseconds }),
  });
  return {
    logins,
    keeper,
    ended,
    clock,
    journal,
    revocations,
    breakJournal: () => {
      broken = true;
    },
    [Symbol.dispose]: () => {
      logins.close();
      verifier.close();
      ended.close();
    },
  };
}

const UNRECORDED = new Refusal('audit_unavailable', 'Nothing can be recorded.');

export async function begin(
  { logins }: Pick<Replica, 'logins'>,
  ask: Partial<Parameters<Logins['begin']>[0]> = {},
): Promise<BegunLogin> {
  const begun = await logins.begin({ issuerName: 'company', returnTo: '/', ...ask }, CALLER);
  if (begun instanceof Refusal) throw new Error(`${begun.reason}: ${begun.detail}`);
  return begun;
}

export function finish(
  { logins }: Pick<Replica, 'logins'>,
  url: URL | string,
  attempt: string | undefined,
): Promise<FinishedLogin | FailedLogin> {
  return logins.finish({ url: pathOf(url), attempt }, CALLER);
}

function pathOf(url: URL | string): string {
  const { pathname, search } = new URL(url);
  return `${pathname}${search}`;
}

export async function finished(
  result: FinishedLogin | FailedLogin | Promise<FinishedLogin | FailedLogin>,
): Promise<FinishedLogin> {
  const settled = await result;
  if (!('refusal' in settled)) return settled;
  const { reason, detail, message } = settled.refusal;
  throw new Error(`the login failed, ${reason}: ${detail ?? message}`);
}

export async function failed(
  result: FinishedLogin | FailedLogin | Promise<FinishedLogin | FailedLogin>,
): Promise<FailedLogin> {
  const settled = await result;
  if ('refusal' in settled) return settled;
  throw new Error('the login was to fail');
}

export async function reasonOf(
  result: FinishedLogin | FailedLogin | Promise<FinishedLogin | FailedLogin>,
): Promise<string> {
  const settled = await result;
  return 'refusal' in settled ? settled.refusal.reason : 'signed in';
}

export function newClientKey() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}
