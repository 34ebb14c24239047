import { encodeAccount, encodeOperator, encodeUser } from '@nats-io/jwt';
import { createAccount, createOperator, createUser, type KeyPair } from '@nats-io/nkeys';
import { systemUserPermissions } from '../../account/system/permissions.ts';
import { type AccountLimits, NO_ACCOUNT_LIMITS } from '../../nats/account-claims.ts';
import { formatCreds } from '../../nats/creds.ts';

/** A key pair with its public key, which the library computes anew each time it is asked. */
interface Identity {
  readonly publicKey: string;
  readonly key: KeyPair;
}

export interface TrustAccount extends Identity {
  readonly name: string;
  /** Signs the account's users; listed in its JWT. Absent: nats-sts will make one. */
  readonly signingKey?: KeyPair;
  readonly jwt: string;
}

/** The chain of trust: operator, accounts, users. Holds every secret of it. */
export interface Trust {
  readonly operator: {
    readonly key: KeyPair;
    readonly signingKey: KeyPair;
    readonly jwt: string;
  };
  readonly system: TrustAccount;
  readonly application: TrustAccount;
  /** Creds file of a system account user without restrictions, for people. Secret. */
  readonly systemCreds: string;
  /** Creds file of a system account user with the permissions that nats-sts needs. Secret. */
  readonly stsSystemCreds: string;
}

export const SYSTEM_ACCOUNT = 'SYS';

/** Makes a new chain of trust. The signing keys do the daily work; identity keys can stay offline. */
export async function createTrust(names: {
  readonly operator: string;
  readonly account: string;
  /** Whether nats-sts makes the account's signing keys. */
  readonly managed: boolean;
  /** Whether the account has JetStream. */
  readonly jetstream: boolean;
}): Promise<Trust> {
  const key = createOperator();
  const signingKey = createOperator();
  const systemSigningKey = createAccount();
  const system = await certify({
    name: SYSTEM_ACCOUNT,
    operatorKey: signingKey,
    signingKey: systemSigningKey,
  });
  const application = await certify({
    name: names.account,
    operatorKey: signingKey,
    ...(!names.managed && { signingKey: createAccount() }),
    ...(names.jetstream && { limits: JETSTREAM_LIMITS }),
  });
  const systemUser = { account: system.publicKey, signer: systemSigningKey };
  const { creds: stsSystemCreds } = await createSystemUser(systemUser);
  return {
    operator: {
      key,
      signingKey,
      jwt: await encodeOperator(names.operator, key, {
        signing_keys: [signingKey.getPublicKey()],
        system_account: system.publicKey,
      }),
    },
    system,
    application,
    systemCreds: await userCreds({ ...systemUser, name: 'sys', user: createUser() }),
    stsSystemCreds,
  };
}

const MIB = 1024 ** 2;

/** Half of what the server in `natsConf` has. */
const JETSTREAM_LIMITS: Partial<AccountLimits> = {
  mem_storage: 128 * MIB,
  disk_storage: 5 * 1024 * MIB,
  streams: 100,
  consumer: 1000,
};

async function certify({
  name,
  operatorKey,
  signingKey,
  limits,
}: {
  readonly name: string;
  readonly operatorKey: KeyPair;
  readonly signingKey?: KeyPair;
  readonly limits?: Partial<AccountLimits>;
}): Promise<TrustAccount> {
  const key = createAccount();
  const body = {
    limits: { ...NO_ACCOUNT_LIMITS, ...limits },
    ...(signingKey && { signing_keys: [signingKey.getPublicKey()] }),
  };
  const jwt = await encodeAccount(name, key, body, { signer: operatorKey });
  return { name, key, publicKey: key.getPublicKey(), jwt, ...(signingKey && { signingKey }) };
}

interface UserSigner {
  /** Public key of the account. */
  readonly account: string;
  readonly signer: KeyPair;
}

/** Makes a system account user that may do what nats-sts needs and nothing else. `creds` is secret. */
export async function createSystemUser(
  signer: UserSigner,
): Promise<{ readonly publicKey: string; readonly creds: string }> {
  const user = createUser();
  const creds = await userCreds({
    ...signer,
    name: 'nats-sts',
    user,
    permissions: systemUserPermissions(),
  });
  const publicKey = user.getPublicKey();
  user.clear();
  return { publicKey, creds };
}

async function userCreds({
  account,
  signer,
  name,
  user,
  permissions,
}: UserSigner & {
  readonly name: string;
  readonly user: KeyPair;
  readonly permissions?: Parameters<typeof encodeUser>[3];
}): Promise<string> {
  const jwt = await encodeUser(name, user, account, { ...permissions }, { signer });
  return formatCreds({ jwt, seed: seedText(user) });
}

/** Secret. */
export function seedText(key: KeyPair): string {
  return new TextDecoder().decode(key.getSeed());
}
