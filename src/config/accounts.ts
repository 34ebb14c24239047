import { publicKeyOfSeed } from '../nats/key-pair.ts';
import { decodePublicKey, isPublicKey } from '../nats/nkeys.ts';
import { managedLimits } from './account-limits.ts';
import type { AccountSpec, RotationSpec, SigningKeySpec } from './config.ts';
import type { Findings } from './findings.ts';
import { warnInline } from './secrets.ts';
import { child } from './path.ts';
import type { LoadContext } from './load-context.ts';
import { type AccountSettings, ROTATION_DEFAULTS } from './schema/account.ts';
import type { Settings } from './settings.ts';
import { didYouMean } from '../suggest.ts';

/** Checks what the keys themselves show. Only NATS knows whether the account lists them. */
export function readAccounts(settings: Settings, context: LoadContext): AccountSpec[] {
  return [...settings.accounts.entries].map(([name, account]): AccountSpec => {
    const path = child('accounts', name);
    const issuer = settings.callout?.issuer;
    if (issuer !== undefined) return configured(name, account, { issuer, path }, context.findings);
    const { publicKey = '' } = account;
    if (account.publicKey === undefined) {
      context.findings.problem(child(path, 'publicKey'), PUBLIC_KEY_MISSING);
    } else {
      checkAccountKey(publicKey, child(path, 'publicKey'), context.findings);
    }
    if (account.name !== undefined) {
      context.findings.problem(child(path, 'name'), 'is used only with callout.issuer: remove it');
    }
    const kind = kindOf(account, path, context.findings);
    if (kind === 'managed') checkSealingKey(settings, path, context.findings);
    const signingKeys = givenKeys(account, { settings, path: child(path, 'signingKeys'), context });
    const rotation = rotationOf(account, kind);
    if (kind === 'external') checkNoLimits(account, path, context.findings);
    const limits = managedLimits(account.limits, account.jetstream);
    return {
      name,
      publicKey,
      kind,
      signingKeys,
      ...(rotation && { rotation }),
      ...(kind === 'managed' && limits && { limits }),
    };
  });
}

const PUBLIC_KEY_MISSING =
  'is missing: write the public key of the account, which begins with A (nsc describe account); only accounts of nats-server.conf have none, and they need callout.issuer';

/** An account of nats-server.conf: the key of the callout signs for it. */
function configured(
  name: string,
  account: AccountSettings,
  { issuer, path }: { readonly issuer: string; readonly path: string },
  { problem }: Findings,
): AccountSpec {
  for (const member of ['publicKey', 'signingKeys', 'rotation', 'limits', 'jetstream'] as const) {
    if (account[member] === undefined) continue;
    problem(
      child(path, member),
      'does not go with callout.issuer: accounts of nats-server.conf have no JWT; remove it',
    );
  }
  return {
    name,
    publicKey: publicKeyOfSeed(issuer) ?? '',
    kind: 'configured',
    serverName: account.name ?? name,
    signingKeys: [{ seed: issuer }],
  };
}

/** nats-sts does not write the JWT of an external account. */
function checkNoLimits(account: AccountSettings, path: string, { problem }: Findings): void {
  for (const name of ['limits', 'jetstream'] as const) {
    if (account[name] === undefined) continue;
    problem(
      child(path, name),
      'works only for managed accounts, and this one has signingKeys: change the account JWT at its operator (nsc edit account), or remove signingKeys',
    );
  }
}

/** Keys that could not be read have been reported already, and still make the account external. */
function kindOf(
  { signingKeys }: AccountSettings,
  path: string,
  { problems }: Findings,
): AccountSpec['kind'] {
  const unreadable = problems.some((problem) =>
    problem.path.startsWith(child(path, 'signingKeys')),
  );
  return signingKeys === undefined && !unreadable ? 'managed' : 'external';
}

function checkSealingKey(
  { sealingKey }: Settings,
  path: string,
  { problem, problems }: Findings,
): void {
  const unreadable = problems.some((problem) => problem.path.startsWith('sealingKey'));
  if (sealingKey || unreadable) return;
  problem(
    path,
    'has no signingKeys, so nats-sts creates its keys and must encrypt them in the store: add sealingKey: {file: ./keys/sealing.key} (openssl rand -base64 32), or give signingKeys',
  );
}

const MANAGED_EVERY_SECONDS = 30 * 86_400;

function rotationOf(
  { rotation }: AccountSettings,
  kind: AccountSpec['kind'],
): RotationSpec | undefined {
  const written = rotation ?? (kind === 'managed' ? ROTATION_DEFAULTS : undefined);
  if (!written) return undefined;
  const every = written.every ?? (kind === 'managed' ? MANAGED_EVERY_SECONDS : undefined);
  return {
    graceSeconds: written.grace,
    onChange: written.onChange,
    ...(every !== undefined && { everySeconds: every }),
  };
}

function givenKeys(
  account: AccountSettings,
  { settings, path, context }: { settings: Settings; path: string; context: LoadContext },
): SigningKeySpec[] {
  const { findings, origins } = context;
  const keys = (account.signingKeys ?? []).map(({ seed, role }, index): SigningKeySpec => {
    const at = child(path, index);
    checkSeed(seed, account, at, findings);
    warnInline(origins.has(at) ? at : child(at, 'seed'), context, at);
    if (role !== undefined) checkKeyRole(role, settings.roles, child(at, 'role'), findings);
    return { seed, ...(role !== undefined && { role }) };
  });
  warnTwice(keys, path, findings);
  return keys;
}

function checkAccountKey(text: string, path: string, { problem }: Findings): void {
  if (isPublicKey('account', text)) return;
  const kind = decodePublicKey(text)?.kind;
  problem(
    path,
    kind === undefined
      ? "is not an account's public key: write the one that begins with A and has 56 characters (nsc describe account)"
      : `is the public key of a ${kind}: write the one of the account, which begins with A`,
  );
}

function checkSeed(
  seed: string,
  { publicKey: account }: AccountSettings,
  path: string,
  { problem }: Findings,
): void {
  const publicKey = publicKeyOfSeed(seed);
  if (publicKey === undefined || !isPublicKey('account', publicKey)) {
    const found = publicKey === undefined ? 'is not an nkey seed' : `is not an account's seed`;
    problem(path, `${found}: give the seed of an account signing key, which begins with SA`);
  } else if (publicKey === account) {
    problem(
      path,
      'is the identity key of the account: create a signing key (nsc edit account --sk generate), and keep the identity key offline',
    );
  }
}

function checkKeyRole(
  role: string,
  roles: Settings['roles'],
  path: string,
  { problem }: Findings,
): void {
  if (roles.names.has(role)) return;
  problem(path, `there is no role "${role}"${didYouMean(role, roles.names)}`);
}

function warnTwice(keys: readonly SigningKeySpec[], path: string, { warn }: Findings): void {
  const seen = new Set<string>();
  for (const [index, { seed, role }] of keys.entries()) {
    const entry = `${seed} ${role ?? ''}`;
    if (seen.has(entry))
      warn('signing-key-twice', child(path, index), 'appears twice: remove one of them');
    seen.add(entry);
  }
}
