import { Refusal } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import { deny, denyOverage, grant, type Option, options, refuse, type Rules } from './decide.ts';
import type { Ask, Decision } from './policy.ts';

/**
 * The decision about an actor who acts for a subject (RFC 8693 §1.1, `actor_token`): the first role
 * that the subject may take and the actor may take too. Permissions are the subject's.
 *
 * Where the subject gets nothing alone, the denial is the subject's; `actor_not_allowed` says that
 * only the actor is short of something.
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
    'The actor may not take a role on behalf of this subject.',
    {
      detail: `the subject may take ${JSON.stringify(allowed.slice(0, 20).map(({ role }) => role.spec.name))}, the actor none of them`,
    },
  );
  return deny(refusal, actorIndex, actor);
}

/** The actor's binding counts like the subject's: whoever revokes it means those who act by it, too. */
function by({ binding }: Option, decision: Decision): Decision {
  if ('denial' in decision) return decision;
  return { grant: { ...decision.grant, actorBinding: binding.spec.name } };
}
