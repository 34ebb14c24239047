import { html, type SafeHtml } from '@remix-run/html-template';
import type { Issued } from '../../exchange-request.ts';
import { inboxPrefix } from '../../policy/inbox.ts';
import type { Grant } from '../../policy/policy.ts';
import { lifetime } from '../../lifetime.ts';
import { commandLine, facts, hidden } from '../pages/elements.ts';
import { type DirectionWords, limitWords, permissionWords } from '../pages/words/permissions.ts';
import type { SubjectWords } from '../pages/words/subjects.ts';
import { shellWord } from '../pages/words/text.ts';

/** Shorter lifetimes to choose from, in seconds. */
const SHORTER_SECONDS = [900, 3_600, 4 * 3_600, 8 * 3_600, 86_400, 7 * 86_400] as const;

/** A role of the user: what it allows, and a form to download its credential. */
export function roleCard(
  grant: Grant,
  {
    servers,
    pending,
  }: { readonly servers: readonly string[]; readonly pending: Issued['pending'] },
): SafeHtml {
  const { name } = grant.role;
  return html`<article class="card" aria-labelledby="role-${name}">
${roleHeading(grant)}
${pending && pendingText(pending)}
${roleAllows(grant, 'h4')}
<form class="row" method="post" action="/credentials">
${hidden({ role: name })}${lifetimeField(grant)}
<button class="button" type="submit">Download credential<span class="hidden"> for ${name}</span></button>
</form>
<section><h4>Use it with the <code>nats</code> command line</h4>
${commandLine(contextLine(grant, servers))}
<p class="muted small">Change the path if your browser saved the file elsewhere.</p></section>
</article>`;
}

const UNKNOWN =
  'Nobody knows how long that takes, because the NATS servers cannot be reached right now';

function pendingText({ until, seconds, obstacle }: NonNullable<Issued['pending']>): SafeHtml {
  const time = obstacle === undefined ? lifetime(seconds) : undefined;
  const text =
    until === 'nothing'
      ? `This role is not ready yet: the NATS servers do not have its signing key. ${time === undefined ? UNKNOWN : `Try again in about ${time}`}.`
      : `This role was changed. New credentials have the old permissions until the NATS servers have the change${time === undefined ? '' : `, in about ${time}`}. Credentials that you get before then keep the old permissions.${time === undefined ? ` ${UNKNOWN}.` : ''}`;
  return html`<p class="card notice warn" role="status">${text}</p>`;
}

function roleHeading({ role }: Grant): SafeHtml {
  const { name, account, description } = role;
  return html`<div class="heading"><h3 id="role-${name}">${name}</h3><span class="tag">account ${account}</span></div>
${description === undefined ? undefined : html`<p class="muted">${description}</p>`}`;
}

/** What the role allows, in words and as subjects; `heading`: the level of its headings. */
export function roleAllows(grant: Grant, heading: 'h3' | 'h4'): SafeHtml {
  const rest = [
    ...limitWords(grant),
    ['Lifetime', `at most ${lifetime(grant.role.maxTtlSeconds)}`] as const,
  ];
  return html`<div class="columns">${permissionWords(grant).map((words) => direction(words, heading))}</div>${facts(rest)}`;
}

function direction({ heading, allowed, except }: DirectionWords, level: 'h3' | 'h4'): SafeHtml {
  return html`<div>${
    level === 'h3' ? html`<h3 class="minor">${heading}</h3>` : html`<h4>${heading}</h4>`
  }${list(allowed)}${
    except.length === 0 ? undefined : html`<p class="minor">except</p>${list(except)}`
  }</div>`;
}

function list(entries: readonly SubjectWords[]): SafeHtml {
  if (entries.length === 0) return html`<p class="muted">nothing</p>`;
  return html`<ul class="may">${entries.map(
    ({ words, subject }) =>
      html`<li><span>${words}</span> ${subject === undefined ? undefined : html`<code>${subject}</code>`}</li>`,
  )}</ul>`;
}

function lifetimeField({ role }: Grant): SafeHtml | undefined {
  const { name, maxTtlSeconds } = role;
  const shorter = SHORTER_SECONDS.filter((seconds) => seconds < maxTtlSeconds);
  if (shorter.length === 0) return undefined;
  const option = (seconds: number) =>
    html`<option value="${seconds}">${lifetime(seconds)}</option>`;
  return html`<div class="field"><label for="ttl-${name}">Valid for</label><select id="ttl-${name}" name="ttl">${[
    ...shorter,
    maxTtlSeconds,
  ]
    .toReversed()
    .map(option)}</select></div>`;
}

function contextLine(
  { role: { name: role }, subscribe }: Grant,
  servers: readonly string[],
): string {
  const prefix = inboxPrefix(subscribe);
  const inbox = prefix === undefined ? '' : ` --inbox-prefix ${shellWord(prefix)}`;
  const server = servers.length === 0 ? '' : ` --server ${shellWord(servers.join(','))}`;
  return `nats context add ${shellWord(role)}${server} --creds ${shellWord(`~/Downloads/${role}.creds`)}${inbox} --select`;
}
