import { claimUse } from '../../policy/claim-name.ts';
import type { Policy } from '../../policy/compile.ts';
import type { Reference } from '../../policy/template.ts';
import type { ResolvedIssuer } from '../schema/issuer.ts';
import type { RoleSettings } from '../schema/role.ts';
import type { Settings } from '../settings.ts';
import { factsOf, type Hint, type Pitfall } from './pitfall.ts';

/** `scoped-upper-case`: a scoped role with a template for an ID that usually has upper-case letters. */
export const scopedUpperCase: Pitfall = function* scopedUpperCase(
  settings,
  policy,
): Iterable<Hint> {
  const givenBy = Map.groupBy(
    settings.bindings.flatMap(({ settings: { issuer, roles } }) =>
      roles.map((role) => ({ role, issuer })),
    ),
    ({ role }) => role,
  );
  for (const [name, role] of settings.roles.entries) {
    const issuers = new Set((givenBy.get(name) ?? []).map(({ issuer }) => issuer));
    const references = plainReferences(name, role, settings, policy);
    for (const issuer of issuers) {
      const source = settings.issuers.entries.get(issuer);
      const reference = source && references.find((found) => isMixedCase(found, source));
      if (!reference) continue;
      yield {
        path: `roles.${name}`,
        message: `"${reference.text}" usually has upper-case letters in tokens of ${factsOf(source).title}, which a scoped signing key cannot carry: write {{${reference.text} | token}}, or ${directly(role, settings)}`,
      };
    }
  }
};

/** References that a scoped role fills in unencoded; none if the role is signed directly. */
function plainReferences(
  name: string,
  role: RoleSettings,
  { accounts }: Settings,
  { roles }: Policy,
): readonly Reference[] {
  const keys = accounts.entries.get(role.account)?.signingKeys;
  const wanted = keys ? keys.some((key) => key.role === name) : role.signing !== 'direct';
  if (!wanted) return [];
  const compiled = roles.get(name);
  if (!compiled || 'whyNot' in compiled.scoped) return [];
  return compiled.references.filter(({ encode }) => !encode);
}

function isMixedCase({ source: from }: Reference, source: ResolvedIssuer): boolean {
  const { mixedCase = [] } = factsOf(source);
  if (from.kind === 'claim') return mixedCase.includes(claimUse(from.path).name);
  // The claims of the first form of the subject.
  const [names = []] = source.spec.subject;
  return from.kind === 'subject' && names.some((name) => mixedCase.includes(name));
}

function directly({ account }: RoleSettings, { accounts }: Settings): string {
  return accounts.entries.get(account)?.signingKeys
    ? 'give a signing key without a role'
    : 'signing: direct';
}
