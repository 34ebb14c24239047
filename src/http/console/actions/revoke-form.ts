import { html, type SafeHtml } from '@remix-run/html-template';
import { stopIcon } from '../../pages/icons.ts';
import type { ConsolePageDeps } from '../deps.ts';
import { optionsOf, suggesting } from '../filters.ts';
import { reasonField } from './confirmation.ts';

export const FIELDS = [
  'kind',
  'issuer',
  'subject',
  'nkey',
  'role',
  'binding',
  'reason',
  'block',
] as const;

export type RevokeFields = Readonly<Partial<Record<(typeof FIELDS)[number], string>>>;

/** Asks for target, reason, and duration. Links fill in what they know. */
export function revokeForm(
  deps: ConsolePageDeps,
  action: string,
  form: RevokeFields,
  problem?: string,
): SafeHtml {
  const kind = form.kind ?? kindOf(form);
  return html`${
    problem === undefined
      ? undefined
      : html`<div class="card notice bad" role="alert"><div class="heading">${stopIcon}<p>${problem}</p></div></div>`
  }<form class="card" method="post" action="${action}">
<fieldset><legend>What do you want to revoke?</legend>
${KINDS.map((one) => choice(deps, one, form, one.kind === kind))}
</fieldset>
<fieldset>${reasonField(form.reason)}</fieldset>
<fieldset><legend>For how long?</legend>
<label class="choice"><input type="checkbox" name="block" value="yes"${form.block === undefined ? undefined : html` checked`}><span><strong>Block</strong> until someone lifts it. Otherwise, a new token from the provider restores access.</span></label>
</fieldset>
<p class="actions"><button class="button danger" type="submit">See what would be disconnected</button> <a class="button secondary" href="/console/revocations">Cancel</a></p>
</form>`;
}

interface Kind {
  readonly kind: string;
  readonly label: string;
  readonly inputs: readonly (readonly [name: keyof RevokeFields, label: string])[];
}

const KINDS: readonly Kind[] = [
  {
    kind: 'identity',
    label: 'A person or program, and all of their credentials',
    inputs: [
      ['issuer', 'Issuer'],
      ['subject', 'Subject'],
    ],
  },
  { kind: 'nkey', label: 'One user key', inputs: [['nkey', 'Public user key, U…']] },
  { kind: 'role', label: 'Everyone who took a role', inputs: [['role', 'Role']] },
  { kind: 'binding', label: 'Everyone let in by a binding', inputs: [['binding', 'Binding']] },
];

/** The most likely target of a link that names several things: their owner. */
function kindOf({ subject, nkey, role, binding }: RevokeFields): string {
  if (subject !== undefined) return 'identity';
  if (nkey !== undefined) return 'nkey';
  if (role !== undefined) return 'role';
  return binding === undefined ? 'identity' : 'binding';
}

function choice(
  deps: ConsolePageDeps,
  { kind, label, inputs }: Kind,
  form: RevokeFields,
  chosen: boolean,
): SafeHtml {
  return html`<div class="choice kind"><input type="radio" id="kind-${kind}" name="kind" value="${kind}"${chosen ? html` checked` : undefined}><div><label for="kind-${kind}">${label}</label><div class="row">${inputs.map(
    ([name, text]) =>
      html`<div class="field"><label for="target-${name}">${text}</label>${suggesting({ id: `target-${name}`, name, value: form[name], options: optionsOf(deps, name) })}</div>`,
  )}</div></div></div>`;
}
