import { Refusal } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import { decide, deny, grant, type Indexes, options } from './decide.ts';
import { findOverage } from './overage.ts';
import type { Ask, Decision } from './policy.ts';

/**
 * The decision about an actor who acts for a subject (RFC 8693 §1.1, `actor_token`): the first role
 * that the subject may take and the actor may take too. Permissions are the subject's.
 *
 * Where the subject gets nothing alone, the denial is the subject's; `actor_not_allowed` says that
 * only the actor is short of something.
 */
export function decideDelegated(
  indexes: Indexes,
  { subject, actor }: { subject: Identity; actor: Identity },
  ask: Ask,
): Decision {
  const alone = decide(indexes, subject, ask);
  // Templates that can't be filled deny one role; the actor may have another in common.
  const subjectIndex = indexes.get(subject.issuerName);
  const shared = [...options(subjectIndex, subject, ask)];
  if (shared.length === 0 || isOverage(alone)) return alone;
  const actorIndex = indexes.get(actor.issuerName);
  const overage = actorIndex && findOverage(actor.claims, actorIndex.looksAt);
  if (overage !== undefined) return deny(overage, actorIndex, actor);
  for (const option of shared) {
    const wanted = { role: option.role.spec.name, account: option.role.spec.account };
    const [taken] = options(actorIndex, actor, wanted);
    if (taken !== undefined) return grant(option, subject, ask);
  }
  const refusal = new Refusal(
    'actor_not_allowed',
    'The actor may not take a role on behalf of this subject.',
    {
      detail: `the subject may take ${JSON.stringify(shared.map(({ role }) => role.spec.name))}, the actor none of them`,
    },
  );
  return deny(refusal, actorIndex, actor);
}

function isOverage(decision: Decision): boolean {
  return 'denial' in decision && decision.denial.refusal.reason === 'groups_overage';
}
