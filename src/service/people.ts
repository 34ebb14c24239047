import { recordDenied } from '../audit/refusals.ts';
import { createVerifier, type Verifier, verifierInForce } from '../identity/verify.ts';
import type { LoginService } from '../http/deps.ts';
import { createHandovers } from '../login/handover/create-handovers.ts';
import { createLogins } from '../login/sign-in/create-logins.ts';
import { openEndedSessions } from '../login/session/ended-sessions.ts';
import type { FinishParts } from '../login/sign-in/finish-login.ts';
import type { Journal } from '../login/journal.ts';
import { createSessionKeeper } from '../login/session/create-session-keeper.ts';
import { createTextSealer } from '../login/text-sealer.ts';
import type { Resources } from './resources.ts';
import { type Generation, waitingPerIssuer } from './generation.ts';

export interface PeopleOptions {
  readonly resources: Resources;
  readonly journal: Journal;
  readonly current: () => Generation;
  readonly publicUrl: () => string;
}

/** What the pages need. Resolves once the ended sessions are known; `close` it with the process. */
export async function startPeople({
  resources,
  journal,
  current,
  publicUrl,
}: PeopleOptions): Promise<LoginService & { close(): void }> {
  const { clock, state, revocations, singleUse, log } = resources;
  const onFault = (fault: unknown) =>
    log.warn({ why: String(fault) }, 'could not delete expired login records');
  const ended = await openEndedSessions({ state, clock, onFault });
  const { sealingKeys } = current().config;
  const sealer = createTextSealer({ keys: sealingKeys, audience: publicUrl, clock });
  const login = (name: string) =>
    current().config.logins.find(({ issuerName }) => issuerName === name);
  const keeper = createSessionKeeper({ sealer, ended, revocations, login, clock });
  const handovers = createHandovers({ state, sealer, keeper, singleUse, journal, clock, onFault });
  const logins = loginsInForce({ resources, journal, current, publicUrl, sealer, keeper, login });
  return {
    get logins() {
      return logins.now();
    },
    handovers,
    choices: (identity) => current().policy.choices(identity),
    denied: async (identity, { refusal, nearest, claimsSeen: claims }, caller) => {
      const denied = { refusal, identity, binding: nearest?.binding, claims };
      const answer = await recordDenied(resources, { ...caller, door: 'login' }, denied);
      return answer === refusal ? undefined : answer;
    },
    isAdmin: (identity) => current().admin.deny(identity) === undefined,
    pending: ({ account, name }) => current().parts.keyRing.pending(account, name),
    branding: () => current().config.branding,
    clock,
    close: () => {
      logins.close();
      handovers.close();
      ended.close();
    },
  };
}

type BuiltLogins = ReturnType<typeof createLogins>;

/** The logins of one configuration. */
interface Built {
  readonly of: Generation;
  readonly verifier: Verifier;
  readonly logins: BuiltLogins;
  close(): void;
}

/** Rebuilds the logins after each reload. They share issuers' keys with the verifier of subject tokens. */
function loginsInForce({
  resources: { clock, singleUse },
  journal,
  current,
  publicUrl,
  sealer,
  keeper,
  login,
}: PeopleOptions & Pick<FinishParts, 'sealer' | 'keeper' | 'login'>) {
  let built: Built | undefined;

  function build(generation: Generation): Built {
    const { config, verifier: reusing } = generation;
    const verifier = createVerifier({
      issuers: config.logins.map(({ idToken }) => idToken),
      tokenBytes: config.limits.tokenBytes,
      clock,
      singleUse,
      maxWaiting: waitingPerIssuer(config),
      reusing,
    });
    const specs = config.logins;
    const parts = { sealer, keeper, login, singleUse, journal, clock };
    const verifying = verifierInForce(() => inForce().verifier);
    const logins = createLogins({ specs, publicUrl, verifier: verifying, ...parts });
    return {
      of: generation,
      verifier,
      logins,
      close: () => {
        logins.close();
        verifier.close(current().verifier);
      },
    };
  }

  function inForce(): Built {
    const generation = current();
    if (built?.of !== generation) {
      built?.close();
      built = build(generation);
    }
    return built;
  }

  return {
    now: (): BuiltLogins => inForce().logins,
    close: () => built?.close(),
  };
}
