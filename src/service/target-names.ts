import type { Config } from '../config/config.ts';
import type { Log } from '../log.ts';
import type { RevocationTarget } from '../revocation/revocation.ts';
import type { Revocations } from '../revocation/revocations.ts';

type Names = Pick<Config, 'issuers' | 'roles' | 'bindings'>;

/** What a revocation refers to by its name in the configuration. */
export interface TargetName {
  readonly what: 'issuer' | 'role' | 'binding';
  readonly name: string;
  /** The configured names of this kind. */
  readonly configured: readonly string[];
}

/** Undefined for a user, because nkeys are not in the configuration. */
export function targetName(
  target: RevocationTarget,
  { issuers, roles, bindings }: Names,
): TargetName | undefined {
  const named = (
    what: TargetName['what'],
    name: string,
    all: readonly { readonly name: string }[],
  ): TargetName => ({ what, name, configured: all.map((one) => one.name) });
  if ('role' in target) return named('role', target.role, roles);
  if ('binding' in target) return named('binding', target.binding, bindings);
  if ('issuer' in target) return named('issuer', target.issuer, issuers);
  return undefined;
}

/**
 * The name of an issuer, given its name or the exact `iss` of its tokens. Any other text is returned
 * unchanged.
 */
export function issuerName(text: string, issuers: Names['issuers']): string {
  const named = issuers.find(({ name }) => name === text);
  const found = named ?? issuers.find((issuer) => issuer.issuers.includes(text));
  return found?.name ?? text;
}

/**
 * Logs names that revocations use and the configuration does not have. Otherwise an operator who renames
 * an issuer, role or binding would let blocked callers in without noticing.
 */
export function logLostNames(
  { log, revocations }: { readonly log: Log; readonly revocations: Pick<Revocations, 'index'> },
  config: Names,
): void {
  const lost = new Map<string, { what: string; name: string; revocations: number }>();
  for (const { target } of revocations.index.byId.values()) {
    const named = targetName(target, config);
    if (!named || named.configured.includes(named.name)) continue;
    const { what, name } = named;
    const known = lost.get(`${what} ${name}`)?.revocations ?? 0;
    lost.set(`${what} ${name}`, { what, name, revocations: known + 1 });
  }
  for (const { what, name, revocations } of lost.values()) {
    log.warn(
      { [what]: name, revocations },
      'revocations use a name that the configuration does not have, so they refuse nobody: lift them, or make them again if you renamed it',
    );
  }
}
