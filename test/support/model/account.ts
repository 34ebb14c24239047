import { assess } from '../../../src/account/assess.ts';
import { type AccountClaims, keyOf } from '../../../src/account/account-jwt.ts';
import { signAccount } from '../../../src/account/sign-account.ts';
import { step } from '../../../src/keyring/step.ts';
import { account, NO_JETSTREAM_LIMITS } from '../account-body.ts';
import { createKeyPair } from '../../../src/nats/key-pair.ts';
import { fromRing, memo, toRing, WANTED } from './rings.ts';

/**
 * The real code, as the model calls it: real account JWTs, assessed and merged as the rotator does,
 * and the real step. All are pure, so every question is asked once.
 */

/** Signing key that someone else put into the account JWT, with all that must never get lost. */
export const FOREIGN = 'FOREIGN';
const LIMITS = { ...NO_JETSTREAM_LIMITS, conn: 17 };

const operator = createKeyPair('operator');
const accountKey = createKeyPair('account').publicKey;
const issuers = new Set([operator.publicKey]);
/** In the future of the model's clock, so that the next is always one more. */
const FIRST_IAT = 1_000_000;

/** An account JWT of the model: `3:FOREIGN k0 k1`, its place in the order of `iat`, and its keys. */
export type Jwt = string;

export function jwtOf(iat: number, keys: readonly string[]): Jwt {
  return `${iat}:${keys.join(' ')}`;
}

export const keysOf = memo((jwt: Jwt): readonly string[] =>
  jwt.slice(jwt.indexOf(':') + 1).split(' '),
);

export const iatOf = memo((jwt: Jwt) => Number(jwt.slice(0, jwt.indexOf(':'))));

const signed = memo((jwt: Jwt) =>
  signAccount({
    claims: {
      iss: operator.publicKey,
      sub: accountKey,
      iat: FIRST_IAT + iatOf(jwt),
      nats: { ...account({ limits: LIMITS, signing_keys: keysOf(jwt) }) },
    },
    signer: operator,
  }),
);

function fromClaims({ iat, nats }: AccountClaims): Jwt {
  if (JSON.stringify(nats['limits']) !== JSON.stringify(account({ limits: LIMITS }).limits)) {
    throw new Error('the account JWT has lost its limits');
  }
  const keys = (nats.signing_keys ?? []).map(keyOf);
  if (!keys.includes(FOREIGN)) throw new Error('the account JWT has lost a foreign key');
  return jwtOf(iat - FIRST_IAT, keys);
}

/** What a look at one server finds: `stored` and, once it has loaded the account, `applied`. */
export interface Found {
  readonly stored: Jwt;
  readonly applied: Jwt | undefined;
}

interface Assessed {
  readonly confirmed: readonly string[];
  readonly push: Jwt | undefined;
}

/** What the rotator decides by; a mutant of either proves that the model finds it out. */
export interface Code {
  readonly assess: typeof assess;
  readonly step: typeof step;
  /** Mutants of the turn and of what it knows of pushes under way. */
  readonly mutant?:
    | 'trusts old looks'
    | 'does not wait for others'
    | 'forgets what has not landed'
    | 'forgets servers that load'
    | 'does not ask for the lease';
}

export const REAL: Code = { assess, step };

interface Stepping {
  readonly term: number;
  readonly confirmed: readonly string[];
  /** Of each account JWT in the air, the keys that it lists. */
  readonly inFlight: readonly (readonly string[])[];
  /** What a new key is called. */
  readonly newKey: string;
}

/** Asks the real code (or a mutant) in the words of the model. */
export interface Oracle {
  readonly mutant: Code['mutant'];
  assess(ring: string, found: readonly Found[]): Assessed;
  /** The next ring. */
  step(ring: string, how: Stepping): string;
}

export function oracleOf(code: Code): Oracle {
  const assessments = new Map<string, Assessed>();
  const steps = new Map<string, string>();
  return {
    mutant: code.mutant,
    assess(ring, found) {
      const key = `${ring}|${found.map(({ stored, applied }) => `${stored}/${applied ?? ''}`).join('|')}`;
      const known = assessments.get(key) ?? assessed(code, ring, found);
      assessments.set(key, known);
      return known;
    },
    step(ring, how) {
      const { term, confirmed, inFlight } = how;
      const air = inFlight.map((keys) => keys.join(' ')).join('/');
      const key = `${ring}|${term}|${confirmed.join(' ')}|${inFlight.length}|${air}`;
      const known = steps.get(key) ?? stepped(code, ring, how);
      steps.set(key, known);
      return known.replace(NEW_KEY, how.newKey);
    },
  };
}

const NEW_KEY = 'NEW';

function assessed(code: Code, ring: string, found: readonly Found[]): Assessed {
  const { confirmed, push } = code.assess({
    ring: toRing(ring, accountKey),
    view: {
      servers: found.map(({ applied }, i) => ({
        id: `N${i}`,
        name: `n${i}`,
        ...(applied === undefined
          ? { state: 'not-loaded' as const }
          : { state: 'applied' as const, jwt: signed(applied) }),
      })),
      stored: found.map(({ stored }) => signed(stored)),
    },
    issuers,
    now: FIRST_IAT * 1000,
  });
  return { confirmed: [...confirmed].sort(), push: push && fromClaims(push.claims) };
}

function stepped(code: Code, text: string, { term, confirmed, inFlight: air }: Stepping): string {
  const seen = { complete: true, confirmed: new Set(confirmed) };
  const ring = toRing(text, accountKey);
  const inFlight = air.map((keys) => ({ lists: new Set(keys), until: 1 }));
  const input = { now: 0, term, ring, wanted: WANTED, seen, inFlight };
  const first = code.step({ ...input, spares: [] });
  if (first.sparesMissing === 0) return fromRing(first.ring);
  const spares = [{ publicKey: NEW_KEY, sealedSeed: 'SEALED' }];
  return fromRing(code.step({ ...input, spares }).ring);
}
