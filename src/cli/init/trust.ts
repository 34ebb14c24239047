import { account } from '../../nats/account-claims.ts';
import { formatCreds } from '../../nats/creds.ts';
import { encodeJwt, type NatsBody } from '../../nats/jwt.ts';
import { createKeyPair, type KeyPair } from '../../nats/key-pair.ts';
import { operator } from '../../nats/operator-claims.ts';
import { directUser } from '../../nats/user-claims.ts';

export interface TrustAccount {
  readonly name: string;
  readonly key: KeyPair<'account'>;
  /** Signs its users; listed in its JWT. */
  readonly signingKey: KeyPair<'account'>;
  readonly jwt: string;
}

/** Who vouches for whom: operator → accounts → users. Holds every secret of it. */
export interface Trust {
  readonly operator: {
    readonly key: KeyPair<'operator'>;
    readonly signingKey: KeyPair<'operator'>;
    readonly jwt: string;
  };
  readonly system: TrustAccount;
  readonly application: TrustAccount;
  /** Creds file of a user of the system account. Secret. */
  readonly systemCreds: string;
}

export const SYSTEM_ACCOUNT = 'SYS';

/** A whole new chain of trust. Identity keys are for the safe: day to day, the signing keys do the work. */
export function createTrust(names: {
  readonly operator: string;
  readonly account: string;
  /** `iat` of all JWTs, Unix seconds. */
  readonly now: number;
}): Trust {
  const key = createKeyPair('operator');
  const signingKey = createKeyPair('operator');
  const certify = (name: string) => createAccount({ name, now: names.now, signer: signingKey });
  const system = certify(SYSTEM_ACCOUNT);
  const jwt = sign(key, {
    subject: key,
    name: names.operator,
    now: names.now,
    nats: operator({
      signing_keys: [signingKey.publicKey],
      system_account: system.key.publicKey,
    }),
  });
  return {
    operator: { key, signingKey, jwt },
    system,
    application: certify(names.account),
    systemCreds: createUser({ name: 'sys', now: names.now, account: system }),
  };
}

function createAccount({
  name,
  now,
  signer,
}: {
  readonly name: string;
  readonly now: number;
  readonly signer: KeyPair;
}): TrustAccount {
  const key = createKeyPair('account');
  const signingKey = createKeyPair('account');
  const nats = account({ signing_keys: [signingKey.publicKey] });
  return { name, key, signingKey, jwt: sign(signer, { subject: key, name, now, nats }) };
}

function createUser({
  name,
  now,
  account: { key, signingKey },
}: {
  readonly name: string;
  readonly now: number;
  readonly account: TrustAccount;
}): string {
  const user = createKeyPair('user');
  const nats = directUser({ issuer_account: key.publicKey });
  const jwt = sign(signingKey, { subject: user, name, now, nats });
  return formatCreds({ jwt, seed: user.seed() });
}

function sign(
  signer: KeyPair,
  {
    subject,
    name,
    now,
    nats,
  }: {
    readonly subject: KeyPair;
    readonly name: string;
    readonly now: number;
    readonly nats: NatsBody;
  },
): string {
  return encodeJwt({
    claims: { sub: subject.publicKey, name, iat: now, nats },
    issuerPublicKey: signer.publicKey,
    sign: signer.sign,
  });
}
