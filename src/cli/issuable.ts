import { systemClock, unixSeconds } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { draftCredential } from '../credential/mint.ts';
import { Refusal } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import { createKeyPair } from '../nats/key-pair.ts';
import type { Policy } from '../policy/compile.ts';
import type { Decision, Grant } from '../policy/policy.ts';
import { expectedKeys } from '../service/signing/role-signing.ts';

/** Who would get the credential, and who would act for them. */
export interface Who {
  readonly subject: Identity;
  readonly actor?: Identity | undefined;
}

/**
 * The decision as the service would carry it out: a grant that cannot become a credential (no signing key,
 * a value that a scoped key cannot carry, too large) becomes the denial that callers would see.
 */
export function carriedOut(
  config: Config,
  { roles }: Pick<Policy, 'roles'>,
): (decision: Decision, who: Who) => Decision {
  const keyFor = expectedKeys(config);
  const drafting = { maxControlLineBytes: config.nats.maxControlLineBytes };
  const pair = createKeyPair('user');
  const userPublicKey = pair.publicKey;
  pair.wipe();

  const obstacle = (grant: Grant, { subject, actor }: Who): Refusal | undefined => {
    const { account, name } = grant.role;
    const role = roles.get(name);
    const signingKey = role && keyFor(role);
    if (!signingKey) {
      return new Refusal(
        'signing_key_unavailable',
        'The service has no signing key for this role right now.',
        { detail: `account ${account}, role ${name}` },
      );
    }
    const issuedAt = unixSeconds(systemClock);
    const expiresAt = issuedAt + grant.lifetimeSeconds;
    const request = { identity: subject, actor, grant, signingKey, userPublicKey };
    const draft = draftCredential(drafting, { ...request, issuedAt, expiresAt });
    return draft instanceof Refusal ? draft : undefined;
  };

  return (decision, who) => {
    if ('denial' in decision) return decision;
    const refusal = obstacle(decision.grant, who);
    return refusal ? { denial: { refusal, claimsSeen: decision.grant.claimsSeen } } : decision;
  };
}
