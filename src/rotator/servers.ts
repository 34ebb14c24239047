import { isDeepStrictEqual } from 'node:util';
import type { AccountClaims } from '../account/account-jwt.ts';
import { type Assessment, assess, type AssessInput } from '../account/assess.ts';
import type { AccountResolver, PushReply } from '../account/resolver.ts';
import { issuersIn } from '../account/read-view.ts';
import { signAccount } from '../account/sign-account.ts';
import type { TrustedIssuers } from '../account/trust.ts';
import type { Clock } from '../clock.ts';
import { provedPart, proveKeys } from '../keyring/proof.ts';
import type { Ring, RingKey } from '../keyring/ring.ts';
import type { CalloutAuthorization, ManagedLimits } from '../nats/account-claims.ts';
import type { KeyPair } from '../nats/key-pair.ts';

/** One look at the servers: any number of rings of the account can be held against it. */
export interface Look {
  assess(ring: Ring): Assessment;
}

/**
 * The NATS servers, as the rotator deals with them. Both throw when no server answers in time; a
 * push may then have been stored or not, which the next look tells.
 */
export interface Servers {
  /** Managed accounts: the ring with proofs for the keys that were just made. */
  prove(ring: Ring, made: ReadonlySet<string>): Promise<Ring>;
  look(ring: Ring): Promise<Look>;
  /** Signs and sends an account JWT to all servers. Answers its length in bytes. */
  push(claims: AccountClaims): Promise<number>;
}

export interface ServersOptions {
  readonly resolver: AccountResolver;
  /**
   * Whose account JWTs count, by now; undefined for external accounts of an operator that is not
   * known. `met`: issuers of those that were just seen.
   */
  readonly issuers: (met?: ReadonlySet<string>) => Promise<TrustedIssuers | undefined>;
  /** Limits that the JWT of a managed account (name) is to have, by now. */
  readonly limits?: (accountName: string) => ManagedLimits | undefined;
  /** The auth callout that the JWT of a managed account (name) is to name, by now. */
  readonly callout?: (accountName: string) => CalloutAuthorization | undefined;
  /** Signs account JWTs; absent where there are only external accounts. */
  readonly signer?: Pick<KeyPair, 'publicKey' | 'sign'>;
  readonly clock: Clock;
}

/** The servers by way of their system account. */
export function systemServers(options: ServersOptions): Servers {
  const { resolver, issuers, signer, clock, limits: limitsOf } = options;
  /** Account → the limits that its JWT was last seen to have as they are wanted. */
  const limitsSeen = new Map<string, ManagedLimits>();

  function limitsFor({ account, kind }: Ring): AssessInput['limits'] {
    const wanted = kind === 'managed' ? limitsOf?.(account) : undefined;
    return wanted && { wanted, were: isDeepStrictEqual(limitsSeen.get(account), wanted) };
  }

  return {
    async look({ publicKey }) {
      const view = await resolver.look(publicKey);
      const trusted = await issuers(issuersIn(view, publicKey));
      return {
        assess: (ring) => {
          const { ring: ours, strangers } =
            trusted && ring.kind === 'managed' ? provedPart(ring, trusted) : all(ring);
          const limits = limitsFor(ring);
          const seen = assess({
            view,
            ring: ours,
            issuers: trusted,
            limits,
            callout: ring.kind === 'managed' ? options.callout?.(ring.account) : undefined,
            now: clock.now(),
          });
          if (limits && seen.limitsAsWanted) limitsSeen.set(ring.account, limits.wanted);
          return { ...seen, problems: [...seen.problems, ...strangers.map(notProved)] };
        },
      };
    },
    async prove(ring, made) {
      const trusted = await issuers();
      if (!signer || !trusted || ring.kind === 'external') return ring;
      return proveKeys(ring, { signer, issuers: trusted, made });
    },
    async push(claims) {
      if (!signer) throw new Error('there is no operator signing key to sign account JWTs with');
      const jwt = signAccount({ claims, signer });
      const replies = await resolver.push(jwt);
      if (replies.every(({ code }) => code !== 200)) throw refused(replies);
      return jwt.length;
    },
  };
}

function all(ring: Ring): ReturnType<typeof provedPart> {
  return { ring, strangers: [] };
}

function notProved({ publicKey }: RingKey): string {
  return (
    `signing key ${publicKey} in the store has no proof by a key of the operator, so nats-sts does not publish it: ` +
    'someone else wrote it, or the operator no longer trusts the key that did'
  );
}

/** A server that refuses while others take it shows in the next look. */
function refused(replies: readonly PushReply[]): Error {
  const said = replies
    .map(({ server, code, message }) => `${server}: ${code} ${message}`)
    .toSorted();
  return new Error(
    `no server accepted the account JWT (${said.join('; ')}): the servers need a resolver of type full`,
  );
}
