import { publicKeyOfSeed } from '../nats/key-pair.ts';
import { decodePublicKey, isPublicKey } from '../nats/nkeys.ts';
import type { AccountSpec, SigningKeySpec } from './config.ts';
import type { Findings } from './findings.ts';
import { child } from './path.ts';
import type { Origin } from './references.ts';
import type { AccountSettings } from './schema/account.ts';
import type { Settings } from './settings.ts';
import { didYouMean } from './suggest.ts';

/** Checks keys as far as they tell by themselves; whether the account lists them only NATS knows. */
export function readAccounts(
  { accounts, roles }: Settings,
  origins: ReadonlyMap<string, Origin>,
  findings: Findings,
): AccountSpec[] {
  return [...accounts.entries].map(([name, settings]) => {
    const path = child('accounts', name);
    checkAccountKey(settings.publicKey, child(path, 'publicKey'), findings);
    const given = settings.signingKeys;
    // Keys that are given but could not be read were reported where they stand.
    const unreadable = findings.problems.some((problem) =>
      problem.path.startsWith(child(path, 'signingKeys')),
    );
    if (given === undefined && !unreadable) {
      findings.problem(
        path,
        'managed accounts are not available in this version: give signingKeys',
      );
    }
    const signingKeys = (given ?? []).map((key, place): SigningKeySpec => {
      const at = child(child(path, 'signingKeys'), place);
      const seedAt = origins.has(at) ? at : child(at, 'seed');
      checkSeed(key.seed, settings, at, findings);
      warnInline({ seedAt, origins }, at, findings);
      if (key.role !== undefined) checkKeyRole(key.role, roles, child(at, 'role'), findings);
      return { seed: key.seed, ...(key.role !== undefined && { role: key.role }) };
    });
    warnTwice(signingKeys, child(path, 'signingKeys'), findings);
    return { name, publicKey: settings.publicKey, signingKeys };
  });
}

function checkAccountKey(text: string, path: string, { problem }: Findings): void {
  if (isPublicKey('account', text)) return;
  const kind = decodePublicKey(text)?.kind;
  problem(
    path,
    kind === undefined
      ? "is not an account's public key: it begins with A and has 56 characters (nsc describe account)"
      : `is the public key of a ${kind}, not of an account: that one begins with A`,
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
      'is the identity key of the account itself: make a signing key (nsc edit account --sk generate) and keep the identity key offline',
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

function warnInline(
  { seedAt, origins }: { seedAt: string; origins: ReadonlyMap<string, Origin> },
  path: string,
  { warn }: Findings,
): void {
  if (origins.has(seedAt)) return;
  warn(
    'secret-inline',
    path,
    'holds a secret in the configuration file itself: write {file: path} or {env: NAME}',
  );
}

function warnTwice(keys: readonly SigningKeySpec[], path: string, { warn }: Findings): void {
  const seen = new Set<string>();
  for (const [place, { seed, role }] of keys.entries()) {
    const entry = `${seed} ${role ?? ''}`;
    if (seen.has(entry)) warn('signing-key-twice', child(path, place), 'stands here twice');
    seen.add(entry);
  }
}
