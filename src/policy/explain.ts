import type { Identity } from '../identity/identity.ts';
import { type CompiledBinding, traceBinding } from './binding.ts';
import type { BindingTrace } from './policy.ts';

/**
 * Every binding held against the identity, condition by condition, in file order. Of a binding of
 * another issuer there is one condition, `issuer`, which failed.
 */
export function explain(
  bindings: readonly CompiledBinding[],
  identity: Identity,
): readonly BindingTrace[] {
  return bindings.map((binding) => traceBinding(binding, identity));
}
