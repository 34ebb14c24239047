import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { html } from '@remix-run/html-template';
import type { Provider } from 'oidc-provider';
import { PEOPLE_STYLE } from './people-style.ts';

/** Somebody who can sign in at the provider. */
export interface Person {
  /** The `sub` of their tokens. */
  readonly id: string;
  readonly name: string;
  /** Who they are, for somebody who has to choose one of them. */
  readonly about?: string;
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
  send(
    response,
    html`<h2>Who are you?</h2>
      <p>Choose who to sign in as at ${String(params.client_id)}.</p>
      <form method="post" action="/sign-in/${uid}">
        <ul>${people.map(choice)}</ul>
        <p class="buttons"><button class="second" name="refuse" value="yes">Refuse</button></p>
      </form>`,
  );
}

function choice({ id, name, about }: Person): ReturnType<typeof html> {
  const button = html`name="person" value="${id}"`;
  if (about === undefined) return html`<li><button ${button}>${name}</button></li>`;
  return html`<li><button ${button} aria-describedby="about-${id}">${name}</button>
    <p class="quiet" id="about-${id}">${about}</p></li>`;
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

/** `form` is the provider's own, without a button. Either answer leads back. */
export function logoutPage(form: string): string {
  return page(
    html`<h2>Sign out?</h2>
      <p>You are signed out of the application. Here you still are signed in: as long as you are, the
        next sign-in asks nothing.</p>
      ${html.raw`${form}`}
      <p class="buttons">
        <button type="submit" form="op.logoutForm" value="yes" name="logout">Sign out</button>
        <button type="submit" form="op.logoutForm" class="second">Stay signed in</button>
      </p>`,
  );
}

/** For somebody who came from nowhere that the provider could lead back to. */
export function signedOutPage(): string {
  return page(
    html`<h2>You are signed out</h2>
      <p>You can close this page.</p>`,
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
          <title>Example identity provider</title>
          <style>${html.raw`${PEOPLE_STYLE}`}</style>
        </head>
        <body>
          <main>
            <h1>Example identity provider</h1>
            <p class="quiet">
              It takes the place of your company's: Okta, Entra, Keycloak and the like.
              There are no passwords here.
            </p>
            ${content}
          </main>
        </body>
      </html>`,
  );
}
