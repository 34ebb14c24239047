import type { Config } from '../../config/config.ts';
import { draftCredential } from '../../credential/mint.ts';
import { InvalidInput, type Problem, Refusal } from '../../errors.ts';
import type { SigningKey } from '../../keyring/key-ring.ts';
import type { Grant, SubjectRules } from '../../policy/policy.ts';
import type { CompiledRole } from '../../policy/role.ts';
import { expectedKeys } from './role-signing.ts';

/**
 * Finds, before anyone asks, roles that cannot be issued: no key may sign for them, their scoped key
 * cannot carry them, or their credential could never fit the servers' CONNECT line.
 *
 * @throws InvalidInput with every problem.
 */
export function preflight(config: Config): void {
  const problems = problemsOf(config);
  if (problems.length > 0) throw new InvalidInput(config.file, problems);
}

function problemsOf(config: Config): Problem[] {
  const keyFor = expectedKeys(config);
  const managed = new Set(
    config.accounts.filter(({ kind }) => kind === 'managed').map(({ name }) => name),
  );
  // The users of callouts alone are in no CONNECT line.
  const calloutOnly = calloutOnlyAccounts(config);
  return [...config.policy.roles.values()].flatMap((role): Problem[] => {
    const path = `roles.${role.spec.name}`;
    const contradiction = managed.has(role.spec.account) ? notScoped(role) : undefined;
    if (contradiction !== undefined) return [{ path: `${path}.signing`, message: contradiction }];
    const signingKey = keyFor(role);
    const maxBytes = calloutOnly.has(role.spec.account)
      ? Number.POSITIVE_INFINITY
      : config.nats.maxControlLineBytes;
    const message = unsignable(role, signingKey) ?? tooLarge(role, signingKey, maxBytes);
    return message === undefined ? [] : [{ path, message }];
  });
}

/** Accounts of nats-server.conf: no credential of them can exist outside of a callout. */
export function calloutOnlyAccounts({ accounts }: Pick<Config, 'accounts'>): ReadonlySet<string> {
  const configured = accounts.filter(({ kind }) => kind === 'configured');
  return new Set(configured.map(({ name }) => name));
}

function notScoped({ spec, scoped }: CompiledRole): string | undefined {
  if (spec.signing !== 'scoped' || !('whyNot' in scoped)) return undefined;
  return `this role cannot be scoped: ${scoped.whyNot}; write signing: direct, or remove signing`;
}

function unsignable(
  { spec, scoped }: CompiledRole,
  key: SigningKey | undefined,
): string | undefined {
  if (!key) {
    return `no signing key of account ${spec.account} signs for this role; add one without a role, or one with role: ${spec.name}`;
  }
  if (key.scopedTo === undefined || !('whyNot' in scoped)) return undefined;
  return `its signing key is scoped, but this role cannot be: ${scoped.whyNot}; give the account a signing key without a role`;
}

/** Drafts the role's smallest possible credential: every reference is one character. */
function tooLarge(
  role: CompiledRole,
  signingKey: SigningKey | undefined,
  maxControlLineBytes: number,
): string | undefined {
  if (!signingKey) return undefined;
  const draft = draftCredential(
    { maxControlLineBytes },
    {
      identity: SHORTEST,
      grant: shortestGrant(role),
      signingKey,
      issuedAt: 1_000_000_000,
      expiresAt: 1_000_000_000,
    },
  );
  if (!(draft instanceof Refusal)) return undefined;
  return `its credential does not fit in the CONNECT line: it ${draft.detail ?? 'is too large'}`;
}

const SHORTEST = {
  issuerName: 'x',
  issuer: 'x',
  subject: 'x',
  kind: 'jwt',
  claims: {},
  issuedAt: 0,
  expiresAt: 0,
  tokenHash: '',
} as const;

function shortestGrant({ spec, scoped }: CompiledRole): Grant {
  const tags = 'whyNot' in scoped ? [] : [...scoped.tags.keys()];
  return {
    binding: '',
    role: spec,
    publish: shortest(spec.publish),
    subscribe: shortest(spec.subscribe),
    templateTags: Object.fromEntries(tags.map((tag) => [tag, 'x'])),
    lifetimeSeconds: 1,
    claimsSeen: {},
  };
}

function shortest({ allow, deny }: SubjectRules): SubjectRules {
  const short = (subjects: readonly string[]) =>
    subjects.map((subject) => subject.replaceAll(/\{\{.*?\}\}/g, 'x'));
  return { allow: short(allow), deny: short(deny) };
}
