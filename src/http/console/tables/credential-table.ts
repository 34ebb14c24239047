import { html, type SafeHtml } from '@remix-run/html-template';
import type { CredentialsAnswer } from '../../../admin-api/credentials.ts';
import { plain } from '../../pages/words/text.ts';
import { link } from '../query.ts';
import { shortKey, when } from '../words.ts';
import { identityLink } from './identity-link.ts';
import { ACTION, recordTable } from './table.ts';

type Credential = CredentialsAnswer['credentials'][number];

/** Valid credentials, one row each, with a button to revoke. `now` in Unix seconds. */
export function credentialTable(credentials: readonly Credential[], now: number): SafeHtml {
  if (credentials.length === 0) return html`<p class="muted">No credentials match.</p>`;
  return recordTable(
    'Table of credentials',
    ['Who', 'Role', 'Account', 'User key', 'Issued', 'Ends', ACTION],
    credentials.map((credential) => row(credential, now)),
  );
}

function row(credential: Credential, now: number) {
  const { user, account, role, binding, issuer, subject, actor } = credential;
  const revoke = link('/console/revoke', { issuer, subject, nkey: user, role, binding });
  return [
    identityLink({ issuer, subject }, actor),
    html`<a href="${link('/console/credentials', { role })}">${role}</a><br><span class="muted">by ${binding}</span>`,
    account,
    shortKey(user),
    when(credential.issued_at, now),
    when(credential.expires_at, now),
    html`<a class="button small danger" href="${revoke}" aria-label="Revoke ${plain(subject, 60)}, or only the key ${user.slice(0, 8)}…">Revoke…</a>`,
  ];
}
