import { Refusal } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import { deny, denyOverage, grant, type Option, options, refuse, type Rules } from './decide.ts';
import type { Ask, Decision } from './policy.ts';

/**
 * Decides about an actor that acts for a subject (RFC 8693 §1.1, `actor_token`): the first role that both
 * may have. Permissions are filled in from the subject.
 *
 * If the subject alone would get nothing, the denial is about the subject. `actor_not_allowed` means that
 * only the actor is not allowed.
 */
export function decideDelegated(
  rules: Rules,
  { subject, actor }: { subject: Identity; actor: Identity },
  ask: Ask,
): Decision {
  const subjectIndex = rules.issuers.get(subject.issuerName);
  const actorIndex = rules.issuers.get(actor.issuerName);
  const overage = denyOverage(subjectIndex, subject) ?? denyOverage(actorIndex, actor);
  if (overage !== undefined) return overage;
  const allowed = [...options(subjectIndex, subject, ask)];
  if (allowed.length === 0) return refuse(rules, subject, ask);
  for (const option of allowed) {
    const wanted = { role: option.role.spec.name, account: option.role.spec.account };
    const [taken] = options(actorIndex, actor, wanted);
    if (taken !== undefined) return by(taken, grant(option, subject, ask));
  }
  const refusal = new Refusal(
    'actor_not_allowed',
    'The actor may not act for this subject in any role.',
    {
      detail: `the subject may have ${JSON.stringify(allowed.slice(0, 20).map(({ role }) => role.spec.name))}, and the actor none of them`,
    },
  );
  return deny(refusal, actorIndex, actor);
}

/** Records the actor's binding too: revoking it also revokes what was issued to its actors. */
function by({ binding }: Option, decision: Decision): Decision {
  if ('denial' in decision) return decision;
  return { grant: { ...decision.grant, actorBinding: binding.spec.name } };
}
