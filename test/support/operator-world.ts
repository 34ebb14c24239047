import { type AccountLimits, scopedSigningKey } from '../../src/nats/account-claims.ts';
import { account, type AccountBody, NO_JETSTREAM_LIMITS } from './account-body.ts';
import { formatCreds } from '../../src/nats/creds.ts';
import { encodeJwt } from '../../src/nats/jwt.ts';
import { createKeyPair, type KeyPair } from '../../src/nats/key-pair.ts';
import { operator } from './operator-body.ts';
import {
  directUser,
  scopedUser,
  type UserBody,
  type UserPermissionLimits,
} from '../../src/nats/user-claims.ts';
import { type NatsServer, type NatsServerOptions, startNatsServer } from './nats-server.ts';
import { PATIENCE_MILLISECONDS } from './patience.ts';

/** An account to have in a world. */
export interface AccountOptions {
  /** Roles with a scoped signing key each: role → template. */
  readonly scopes?: Readonly<Record<string, Partial<UserPermissionLimits>>>;
  /** Number of plain signing keys; 1 unless told. */
  readonly signingKeys?: number;
  readonly limits?: Partial<AccountLimits>;
  /** May use JetStream, which the servers have then. */
  readonly jetstream?: boolean;
  /** More of the account's NATS part, e.g. `authorization` or `revocations`. */
  readonly more?: Partial<Omit<AccountBody, 'type' | 'version' | 'limits' | 'signing_keys'>>;
}

export interface WorldOptions {
  /** Name → account; `{ APP: {} }` unless told. */
  readonly accounts?: Readonly<Record<string, AccountOptions>>;
  /** `memory` takes no pushes of new accounts, `full` stores them. `memory` unless told. */
  readonly resolver?: 'memory' | 'full';
  /** Further lines of the server's configuration. */
  readonly config?: string;
}

export interface WorldAccount {
  readonly name: string;
  readonly key: KeyPair<'account'>;
  /** Plain signing keys. */
  readonly signingKeys: readonly KeyPair<'account'>[];
  /** The first plain signing key. */
  readonly signingKey: KeyPair<'account'>;
  /** Role → scoped signing key. */
  readonly scopedKeys: Readonly<Record<string, KeyPair<'account'>>>;
  readonly body: AccountBody;
  readonly jwt: string;
}

/** What a user of the world holds. */
export interface WorldUser {
  readonly key: KeyPair<'user'>;
  readonly jwt: string;
  readonly creds: string;
}

/** Who signs what: an operator, its system account and application accounts, all keys at hand. */
export interface OperatorWorld {
  readonly operator: {
    readonly key: KeyPair<'operator'>;
    readonly signingKey: KeyPair<'operator'>;
    readonly jwt: string;
  };
  readonly systemAccount: WorldAccount;
  /** A `.creds` file of a user of the system account. */
  readonly sysCreds: string;
  readonly accounts: Readonly<Record<string, WorldAccount>>;
  /** The account of this name; a wrong name is a fault of the test. */
  account(name?: string): WorldAccount;
  /** A user of `account` with its own permissions; with `role`, a user of that role's scoped key. */
  user(options?: UserOptions): WorldUser;
  /** A user of the system account. */
  systemUser(options?: Omit<UserOptions, 'account'>): WorldUser;
  /** Signs an account JWT with the operator's signing key. */
  signAccount(options: {
    name: string;
    key: KeyPair<'account'>;
    body: AccountBody;
    iat?: number;
    exp?: number;
    nbf?: number;
  }): string;
  readonly config: string;
  start(options?: NatsServerOptions): Promise<NatsServer>;
}

export interface UserOptions {
  readonly account?: string;
  readonly role?: string;
  readonly permissions?: Partial<UserPermissionLimits>;
  readonly tags?: readonly string[];
  readonly name?: string;
  /** Unix seconds. */
  readonly exp?: number;
}

export function createOperatorWorld({
  accounts: accountOptions = { APP: {} },
  resolver = 'memory',
  config: more = '',
}: WorldOptions = {}): OperatorWorld {
  const operatorKey = createKeyPair('operator');
  const operatorSigningKey = createKeyPair('operator');

  const signAccount: OperatorWorld['signAccount'] = ({ name, key, body, iat = now(), ...times }) =>
    encodeJwt({
      claims: { sub: key.publicKey, name, iat, ...times, nats: body },
      issuerPublicKey: operatorSigningKey.publicKey,
      sign: operatorSigningKey.sign,
    });
  const systemAccount = createAccount('SYS', {}, signAccount);
  const accounts = Object.fromEntries(
    Object.entries(accountOptions).map(([name, options]) => [
      name,
      createAccount(name, options, signAccount),
    ]),
  );
  const operatorJwt = encodeJwt({
    claims: {
      sub: operatorKey.publicKey,
      name: 'test operator',
      iat: now(),
      nats: operator({
        signing_keys: [operatorSigningKey.publicKey],
        system_account: systemAccount.key.publicKey,
      }),
    },
    issuerPublicKey: operatorKey.publicKey,
    sign: operatorKey.sign,
  });
  const config = [
    `operator: ${operatorJwt}`,
    `system_account: ${systemAccount.key.publicKey}`,
    // So long a client may take to sign in; 2 s is too short on a machine that does other things too.
    `authorization: { timeout: ${PATIENCE_MILLISECONDS / 1000} }`,
    resolver === 'memory'
      ? 'resolver: MEMORY'
      : 'resolver: { type: full, dir: "{{folder}}/accounts", allow_delete: true, interval: "5s" }',
    'resolver_preload: {',
    ...[systemAccount, ...Object.values(accounts)].map(
      ({ key, jwt }) => `  ${key.publicKey}: ${jwt}`,
    ),
    '}',
    ...(Object.values(accountOptions).some(({ jetstream }) => jetstream)
      ? ['jetstream: enabled']
      : []),
    more,
  ].join('\n');

  const accountNamed = (name = Object.keys(accounts)[0] ?? ''): WorldAccount => {
    const found = accounts[name];
    if (!found) throw new Error(`this world has no account ${name}`);
    return found;
  };
  return {
    operator: { key: operatorKey, signingKey: operatorSigningKey, jwt: operatorJwt },
    systemAccount,
    sysCreds: createUser(systemAccount, { name: 'sys' }).creds,
    accounts,
    account: accountNamed,
    user: (options = {}) => createUser(accountNamed(options.account), options),
    systemUser: (options = {}) => createUser(systemAccount, options),
    signAccount,
    config,
    start: ({ config: extra = '', ...options } = {}) =>
      startNatsServer({ ...options, config: `${config}\n${extra}` }),
  };
}

function createAccount(
  name: string,
  { scopes = {}, signingKeys: count = 1, limits, jetstream = false, more }: AccountOptions,
  signAccount: OperatorWorld['signAccount'],
): WorldAccount {
  const key = createKeyPair('account');
  const signingKey = createKeyPair('account');
  const signingKeys = [
    signingKey,
    ...Array.from({ length: count - 1 }, () => createKeyPair('account')),
  ];
  const scopedKeys = Object.fromEntries(
    Object.keys(scopes).map((role) => [role, createKeyPair('account')] as const),
  );
  const body = account({
    ...more,
    limits: { ...(jetstream && NO_JETSTREAM_LIMITS), ...limits },
    signing_keys: [
      ...signingKeys.map(({ publicKey }) => publicKey),
      ...Object.entries(scopedKeys).map(([role, { publicKey }]) =>
        scopedSigningKey({ key: publicKey, role, template: scopes[role] ?? {} }),
      ),
    ],
  });
  return {
    name,
    key,
    signingKeys,
    signingKey,
    scopedKeys,
    body,
    jwt: signAccount({ name, key, body }),
  };
}

function createUser(
  { key: accountKey, signingKey, scopedKeys }: WorldAccount,
  { role, permissions, tags, name = 'test user', exp }: UserOptions,
): WorldUser {
  const issuer = role === undefined ? signingKey : scopedKeys[role];
  if (!issuer) throw new Error(`no scoped signing key for ${role}`);
  const key = createKeyPair('user');
  const common = { issuer_account: accountKey.publicKey, ...(tags && { tags }) };
  const nats: UserBody =
    role === undefined ? directUser({ ...permissions, ...common }) : scopedUser(common);
  const jwt = encodeJwt({
    claims: { sub: key.publicKey, name, iat: now(), exp, nats },
    issuerPublicKey: issuer.publicKey,
    sign: issuer.sign,
  });
  return { key, jwt, creds: formatCreds({ jwt, seed: key.seed() }) };
}

/** The server's clock is the machine's: what it is to accept can't be frozen. */
function now(): number {
  return Math.floor(Date.now() / 1000);
}
