import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { html } from '@remix-run/html-template';
import type { Provider } from 'oidc-provider';

/** Somebody who can sign in at the provider. */
export interface Person {
  /** The `sub` of their tokens. */
  readonly id: string;
  readonly name: string;
  readonly claims?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** What the provider says of someone who pressed "Refuse". */
export const REFUSED = 'The sign-in was refused at the provider.';

/** One button for each person, and one to refuse; works without JavaScript. */
export async function signInPage(
  provider: Provider,
  people: readonly Person[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { uid, params } = await provider.interactionDetails(request, response);
  const buttons = people.map(
    ({ id, name }) => html`<p><button name="person" value="${id}">${name}</button></p>`,
  );
  send(
    response,
    html`<h1>Who are you?</h1>
      <p>${String(params.client_id)} wants to know.</p>
      <form method="post" action="/sign-in/${uid}">
        ${buttons}
        <p><button name="refuse" value="yes">Refuse</button></p>
      </form>`,
  );
}

/** Signing in and agreeing are one step. */
export async function answerSignIn(
  provider: Provider,
  people: readonly Person[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const form = new URLSearchParams(await text(request));
  const person = people.find(({ id }) => id === form.get('person'));
  const result = person
    ? { login: { accountId: person.id } }
    : { error: 'access_denied', error_description: REFUSED };
  await provider.interactionFinished(request, response, result, {
    mergeWithLastSubmission: false,
  });
}

/** `form` is the provider's own, without a button. */
export function logoutPage(form: string): string {
  return page(
    html`<h1>Sign out?</h1>
      ${html.raw`${form}`}
      <p><button type="submit" form="op.logoutForm" value="yes" name="logout">Sign out</button></p>`,
  );
}

function send(response: ServerResponse, content: ReturnType<typeof html>): void {
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
  });
  response.end(page(content));
}

function page(content: ReturnType<typeof html>): string {
  return String(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width" />
          <link rel="icon" href="data:," />
          <title>Identity provider</title>
        </head>
        <body>
          <main>${content}</main>
        </body>
      </html>`,
  );
}
