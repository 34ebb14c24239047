import type { Problem } from '../errors.ts';
import { compilePolicy } from '../policy/compile.ts';
import type { BindingSpec, RoleSpec } from '../policy/policy.ts';
import { bindingSpec, roleSpec } from './roles.ts';
import type { Settings } from './settings.ts';

/** Unknown roles are reported by `cross-references.ts`, which knows of roles that could not be read. */
const ROLE_OF_BINDING = /^bindings\[\d+\]\.roles/;

/** Roles and bindings in the policy's form, and everything its compiler finds in them. */
export function readPolicy(
  { roles, bindings }: Settings,
  found: readonly Problem[],
): {
  readonly roles: readonly RoleSpec[];
  readonly bindings: readonly BindingSpec[];
  readonly problems: readonly Problem[];
} {
  const specs = {
    roles: [...roles.entries].map(([name, settings]) => roleSpec(name, settings)),
    bindings: bindings.map(({ settings }) => bindingSpec(settings)),
  };
  const problems = compilePolicy(specs)
    .problems.filter(({ path }) => !ROLE_OF_BINDING.test(path))
    .map((problem) => ({ ...problem, path: placeInFile(problem.path, bindings) }))
    .filter(({ path }) => !found.some((first) => causes(first.path, path)));
  return { ...specs, problems };
}

/**
 * Whether a problem that was found earlier explains this one. A condition that could not be read is
 * not a condition that is absent: to advise "let everybody in" there would turn a typo into a hole.
 */
function causes(first: string, path: string): boolean {
  if (first === path) return true;
  const binding = /^(bindings\[\d+\])\.match$/.exec(path)?.[1];
  return binding !== undefined && first.startsWith(binding);
}

/** The compiler counts the bindings it was given; the file may hold others between them that could not be read. */
function placeInFile(path: string, bindings: Settings['bindings']): string {
  return path.replace(/^bindings\[(\d+)\]/, (whole, index) => {
    const binding = bindings[Number(index)];
    return binding ? `bindings[${binding.place}]` : whole;
  });
}
