import { type ClaimFacts, factsWithoutPreset } from '../presets/claim-facts.ts';
import { presetFor } from '../presets/index.ts';
import { isList, type MatchSpec, type MatchValue } from '../../policy/match/grammar.ts';
import { readOperator } from '../../policy/match/operators.ts';
import type { BindingSettings } from '../schema/binding.ts';
import type { Policy } from '../../policy/compile.ts';
import type { ResolvedIssuer } from '../schema/issuer.ts';
import type { RoleSettings } from '../schema/role.ts';
import type { Settings } from '../settings.ts';

/** A position in the file, what is wrong there, and what to write instead. */
export interface Hint {
  readonly path: string;
  readonly message: string;
}

/** Looks for one thing that is allowed but probably a mistake. */
export type Pitfall = (settings: Settings, policy: Policy) => Iterable<Hint>;

/** A binding, or an admin rule, with its issuer. */
export interface BindingView extends BindingSettings {
  readonly path: string;
  readonly source: ResolvedIssuer;
  readonly provider: string | undefined;
  readonly facts: Facts;
}

type Facts = ClaimFacts & { readonly title: string };

/**
 * A pitfall of single bindings and admin rules, which can let in the wrong identities in the same ways.
 * The hint is for the binding itself unless it names another position.
 */
export function perBinding(
  look: (binding: BindingView) => string | Hint | readonly Hint[] | undefined,
): Pitfall {
  return function* hints(settings) {
    for (const { path, binding } of rulesOf(settings)) {
      const source = settings.issuers.entries.get(binding.issuer);
      if (!source) continue;
      const provider = providerOf(source);
      const found = look({ ...binding, path, source, provider, facts: factsOf(source) });
      if (typeof found === 'string') yield { path, message: found };
      else if (found && 'path' in found) yield found;
      else if (found) yield* found;
    }
  };
}

function rulesOf({ bindings, admin = [] }: Settings): { path: string; binding: BindingSettings }[] {
  return [
    ...bindings.map(({ index, settings }) => ({ path: `bindings[${index}]`, binding: settings })),
    ...admin.map((rule, index) => {
      const path = `admin[${index}]`;
      return { path, binding: { ...rule, name: path, roles: [] } };
    }),
  ];
}

/** A pitfall of single roles. */
export function perRole(look: (role: RoleSettings, path: string) => readonly Hint[]): Pitfall {
  return function* hints({ roles }) {
    for (const [name, role] of roles.entries) yield* look(role, `roles.${name}`);
  };
}

/** A pitfall of single issuers. */
export function perIssuer(look: (issuer: ResolvedIssuer) => string | undefined): Pitfall {
  return function* hints({ issuers }) {
    for (const [name, issuer] of issuers.entries) {
      const message = look(issuer);
      if (message !== undefined) yield { path: `issuers.${name}`, message };
    }
  };
}

const WELL_KNOWN: Readonly<Record<string, string>> = {
  'https://token.actions.githubusercontent.com': 'github-actions',
  'https://gitlab.com': 'gitlab-ci',
  'https://agent.buildkite.com': 'buildkite',
  'https://accounts.google.com': 'google',
};

/** The name of the preset, or of the provider whose issuer is written out. */
function providerOf({ preset, spec }: ResolvedIssuer): string | undefined {
  return preset ?? WELL_KNOWN[spec.issuers[0] ?? ''];
}

/** What is known about the claims of an issuer, by its preset or its URL. */
export function factsOf(source: ResolvedIssuer): Facts {
  const preset = presetFor(providerOf(source));
  const url = source.spec.issuers[0] ?? '';
  const known = preset?.id === undefined ? factsWithoutPreset(url) : undefined;
  return known ?? { title: preset?.id === undefined ? url : preset.title, ...preset?.claims };
}

/** `repository` for the keys `repository` and `/repository`; longer pointers stay as they are. */
export function claimOf(key: string): string {
  return /^\/[^/]*$/.test(key) ? key.slice(1).replaceAll('~1', '/').replaceAll('~0', '~') : key;
}

/** Whether the binding has a condition on the claim that not every token meets. */
export function narrows({ match, when }: BindingSettings, claims: readonly string[]): boolean {
  const inMatch = Object.entries(match).some(
    ([key, spec]) => claims.includes(claimOf(key)) && !isAnything(spec),
  );
  return inMatch || (when !== undefined && claims.some((claim) => mentions(when, claim)));
}

/** `claims.name`, `claims["name"]` or, for a pointer, its last part. Good enough for advice. */
function mentions(when: string, claim: string): boolean {
  const name = claim.slice(claim.lastIndexOf('/') + 1);
  return [`.${name}`, `["${name}"]`, `['${name}']`].some((form) => {
    const at = when.indexOf(form);
    return at !== -1 && !/^\w/.test(when.slice(at + form.length));
  });
}

/** `not`, and patterns that begin with a wildcard, match values of anyone. */
function isAnything(spec: MatchSpec): boolean {
  return valuesOf(spec).some((value) => {
    if (typeof value !== 'object') return false;
    return 'not' in value || readOperator(value).isOpen;
  });
}

/** All values that a condition names, however they are put together. */
export function valuesOf(spec: MatchSpec): readonly MatchValue[] {
  if (isList(spec)) return spec;
  return typeof spec === 'object' && 'all' in spec ? spec.all : [spec];
}
