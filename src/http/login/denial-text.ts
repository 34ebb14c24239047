import { html, type SafeHtml } from '@remix-run/html-template';
import type { Json } from '../../identity/identity.ts';
import type { Choices } from '../../policy/choices.ts';
import type { ConditionTrace, Denial } from '../../policy/policy.ts';
import { facts } from '../pages/elements.ts';
import { claimText, plain } from '../pages/words/text.ts';

/**
 * Why a user has no access: the claims that did not match, and their values in the user's own token.
 * The expected values and the rule stay private.
 */
export function denialText({ refusal, nearest }: Denial): SafeHtml {
  if (refusal.reason !== 'no_binding') return html`<p>${refusal.message}</p>`;
  const misfits = (nearest?.conditions ?? []).filter(({ held }) => !held).flatMap(misfit);
  const named = [...new Map(misfits).entries()];
  if (named.length === 0) {
    return html`<p>You signed in, but no rule grants access to users of your provider.</p>`;
  }
  return html`<p>You signed in, but these claims from your provider did not match any rule:</p>
${facts(named.map(([claim, seen]) => [plain(claim), seen]))}`;
}

/** A condition may check several claims. The values that it expects are not shown. */
function misfit({ on, seen }: ConditionTrace): [claim: string, seen: SafeHtml][] {
  if (on !== 'when') return [[on, says(seen)]];
  if (typeof seen !== 'object' || seen === null || Array.isArray(seen)) {
    return [['another condition', says(undefined)]];
  }
  return Object.entries(seen).map(([claim, value]) => [claim, says(value)]);
}

function says(value: Json | undefined): SafeHtml {
  return html`your token says ${claimText(value)}`;
}

/** Roles that are granted, but whose subjects cannot be built from the user's claims. */
export function unfitRoles(unfit: Choices['unfit']): SafeHtml | undefined {
  if (unfit.length === 0) return undefined;
  return html`<section aria-labelledby="unfit"><h2 id="unfit">Roles you cannot take yet</h2>
<p class="muted">A rule grants you these roles, but their subjects are built from your claims, and your claims do not fit. Ask your administrator to change the claims or the roles.</p>
<ul class="cards">${unfit.map(
    ({ role, denial }) =>
      html`<li class="card notice warn"><h3>${role}</h3><p>${denial.refusal.message}</p></li>`,
  )}</ul></section>`;
}
