import type { AccountClaims } from '../account/account-jwt.ts';
import { type Assessment, assess } from '../account/assess.ts';
import type { AccountResolver, PushReply } from '../account/resolver.ts';
import { signAccount } from '../account/sign-account.ts';
import type { TrustedIssuers } from '../account/trust.ts';
import type { Clock } from '../clock.ts';
import type { Ring } from '../keyring/ring.ts';
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
  look(ring: Ring): Promise<Look>;
  /** Signs and sends an account JWT to all servers. Answers its length in bytes. */
  push(claims: AccountClaims): Promise<number>;
}

export interface ServersOptions {
  readonly resolver: AccountResolver;
  /** Whose account JWTs count; undefined for external accounts of an operator that is not known. */
  readonly issuers: () => Promise<TrustedIssuers | undefined>;
  /** Signs account JWTs; absent where there are only external accounts. */
  readonly signer?: Pick<KeyPair, 'publicKey' | 'sign'>;
  readonly clock: Clock;
}

/** The servers by way of their system account. */
export function systemServers({ resolver, issuers, signer, clock }: ServersOptions): Servers {
  return {
    async look({ publicKey }) {
      const trusted = await issuers();
      const view = await resolver.look(publicKey);
      return { assess: (ring) => assess({ view, ring, issuers: trusted, now: clock.now() }) };
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

/** A server that refuses while others take it shows in the next look. */
function refused(replies: readonly PushReply[]): Error {
  const said = replies.map(({ server, code, message }) => `${server}: ${code} ${message}`);
  return new Error(
    `no server took the account JWT (${said.join('; ')}): the servers need a resolver of type full`,
  );
}
