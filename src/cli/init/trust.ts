import { systemUserPermissions } from '../../account/permissions.ts';
import { account, type AccountLimits } from '../../nats/account-claims.ts';
import { formatCreds } from '../../nats/creds.ts';
import { encodeJwt, type NatsBody } from '../../nats/jwt.ts';
import { createKeyPair, type KeyPair } from '../../nats/key-pair.ts';
import { operator } from '../../nats/operator-claims.ts';
import { directUser, type Permissions } from '../../nats/user-claims.ts';

export interface TrustAccount {
  readonly name: string;
  readonly key: KeyPair<'account'>;
  /** Signs its users; listed in its JWT. Absent: nats-sts will make one. */
  readonly signingKey?: KeyPair<'account'>;
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
  /** Creds file of a user of the system account who may do everything there: for people. Secret. */
  readonly systemCreds: string;
  /** The same for nats-sts, which may do only what it has to. Secret. */
  readonly stsSystemCreds: string;
}

export const SYSTEM_ACCOUNT = 'SYS';

/** A whole new chain of trust. Identity keys are for the safe: day to day, the signing keys do the work. */
export function createTrust(names: {
  readonly operator: string;
  readonly account: string;
  /** Whether nats-sts makes the account's signing keys. */
  readonly managed: boolean;
  /** Whether the account has JetStream. */
  readonly jetstream: boolean;
  /** `iat` of all JWTs, Unix seconds. */
  readonly now: number;
}): Trust {
  const key = createKeyPair('operator');
  const signingKey = createKeyPair('operator');
  const certify = (
    name: string,
    userSigner: KeyPair<'account'> | undefined,
    limits: Partial<AccountLimits> = {},
  ) => createAccount({ name, now: names.now, signer: signingKey, userSigner, limits });
  const systemSigningKey = createKeyPair('account');
  const system = certify(SYSTEM_ACCOUNT, systemSigningKey);
  const systemUser = (name: string, permissions?: Permissions) =>
    createUser({
      name,
      now: names.now,
      account: system.key,
      signingKey: systemSigningKey,
      permissions,
    });
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
    application: certify(
      names.account,
      names.managed ? undefined : createKeyPair('account'),
      names.jetstream ? JETSTREAM_LIMITS : {},
    ),
    systemCreds: systemUser('sys'),
    stsSystemCreds: systemUser('nats-sts', systemUserPermissions()),
  };
}

const MIB = 1024 ** 2;

/** Half of what the server of `natsConf` has. */
const JETSTREAM_LIMITS: Partial<AccountLimits> = {
  mem_storage: 128 * MIB,
  disk_storage: 5 * 1024 * MIB,
  streams: 100,
  consumer: 1000,
};

function createAccount({
  name,
  now,
  signer,
  userSigner,
  limits,
}: {
  readonly limits: Partial<AccountLimits>;
  readonly name: string;
  readonly now: number;
  readonly signer: KeyPair;
  readonly userSigner: KeyPair<'account'> | undefined;
}): TrustAccount {
  const key = createKeyPair('account');
  const nats = account({
    limits,
    ...(userSigner && { signing_keys: [userSigner.publicKey] }),
  });
  const jwt = sign(signer, { subject: key, name, now, nats });
  return { name, key, jwt, ...(userSigner && { signingKey: userSigner }) };
}

function createUser({
  name,
  now,
  account,
  signingKey,
  permissions,
}: {
  readonly name: string;
  readonly now: number;
  readonly account: KeyPair;
  readonly signingKey: KeyPair;
  readonly permissions: Permissions | undefined;
}): string {
  const user = createKeyPair('user');
  const nats = directUser({ issuer_account: account.publicKey, ...permissions });
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
