import { html, type SafeHtml } from '@remix-run/html-template';
import type { Json } from '../../identity/identity.ts';
import type { Choices } from '../../policy/choices.ts';
import type { ConditionTrace, Denial } from '../../policy/policy.ts';
import { facts } from '../pages/elements.ts';
import { claimText, plain } from '../pages/words/text.ts';

/**
 * Why somebody gets nothing: the claims that did not fit, and what their own token says of them. What
 * they would have to be, and which rule it was, is other people's business.
 */
export function denialText({ refusal, nearest }: Denial): SafeHtml {
  if (refusal.reason !== 'no_binding') return html`<p>${refusal.message}</p>`;
  const misfits = (nearest?.conditions ?? []).filter(({ held }) => !held).flatMap(misfit);
  const named = [...new Map(misfits).entries()];
  if (named.length === 0) {
    return html`<p>Your sign-in worked, but no access is set up for people of your provider.</p>`;
  }
  return html`<p>Your sign-in worked, but no access is set up for what your provider says about you. This did not fit:</p>
${facts(named.map(([claim, seen]) => [plain(claim), seen]))}`;
}

/** A condition may look at several claims; what it wants stays out. */
function misfit({ on, seen }: ConditionTrace): [claim: string, seen: SafeHtml][] {
  if (on !== 'when') return [[on, says(seen)]];
  if (typeof seen !== 'object' || seen === null || Array.isArray(seen)) {
    return [['a further condition', says(undefined)]];
  }
  return Object.entries(seen).map(([claim, value]) => [claim, says(value)]);
}

function says(value: Json | undefined): SafeHtml {
  return html`your token says ${claimText(value)}`;
}

/** Roles that are given but whose subjects the person's values don't fit. */
export function unfitRoles(unfit: Choices['unfit']): SafeHtml | undefined {
  if (unfit.length === 0) return undefined;
  return html`<section aria-labelledby="unfit"><h2 id="unfit">Roles you can not take yet</h2>
<p class="muted">They are meant for you, but their subjects are made from what your provider says about you, and that does not fit.</p>
<ul class="cards">${unfit.map(
    ({ role, denial }) =>
      html`<li class="card notice warn"><h3>${role}</h3><p>${denial.refusal.message}</p></li>`,
  )}</ul></section>`;
}
