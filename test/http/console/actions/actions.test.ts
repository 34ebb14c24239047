import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../../support/eventually.ts';
import type { Page } from '../../../support/people.ts';
import { textOf } from '../../../support/people-html.ts';
import { BEN, type ConsoleWorld, OLGA, someone, startConsoleWorld } from '../console-world.ts';

/** What administrators do by the pages is felt by who is connected to a real server. */

let world: ConsoleWorld;
beforeAll(async () => {
  world = await startConsoleWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

/** So many valid credentials of this subject, the first of them connected. */
async function present(sub: string, count = 1) {
  const credentials = [];
  for (let n = 0; n < count; n += 1) {
    credentials.push(await world.credential(await world.token({ sub })));
  }
  const [first] = credentials;
  const connection = await world.connect(first!.creds);
  return { first: first!, connection };
}

async function revokeOf(sub: string, fields: Record<string, string> = {}): Promise<Page> {
  const { browser } = await world.visit(OLGA.name);
  const form = await browser.open(`${world.url}/console/revoke?issuer=dev&subject=${sub}`);
  return form.press('See what would be disconnected', { reason: 'laptop lost', ...fields });
}

const madeFor = (sub: string) =>
  world
    .audit({ type: 'revocation' })
    .filter((event) => event.type === 'revocation' && event.target['subject'] === sub);

describe('revoking', () => {
  test('shows its figures first, and happens only after the second form', async () => {
    const who = someone();
    const { connection } = await present(who, 2);
    const asked = await revokeOf(who);
    expect(asked.status).toBe(200);
    expect(asked.text).toContain('This ends 2 valid credentials and 1 live connection.');
    expect(asked.text).toContain('a new token from the provider restores access');
    expect(madeFor(who)).toEqual([]);
    expect(connection.isClosed()).toBe(false);

    const done = await asked.press('Revoke');
    expect(done.url.pathname).toBe('/console/revocations');
    expect(done.text).toMatch(
      /Revocation [0-9a-f]{12} is in force\. Affected: 2 valid credentials/,
    );
    expect(done.text).toContain('laptop lost');
    await eventually(() => connection.isClosed());
    expect(madeFor(who)).toMatchObject([
      {
        change: 'made',
        reason: 'laptop lost',
        block: false,
        door: 'admin',
        identity: { subject: OLGA.id },
      },
    ]);
  });

  test('shows its notice once', async () => {
    const who = someone();
    await present(who);
    const done = await (await revokeOf(who)).press('Revoke');
    expect(done.text).toContain('is in force.');
    const again = await done.follow('Refresh');
    expect(again.text).not.toContain('is in force.');
  });

  test('with a block denies new tokens, too, until it is lifted', async () => {
    const who = someone();
    await present(who);
    const asked = await revokeOf(who, { block: 'yes' });
    expect(asked.text).toContain('until someone lifts the revocation');
    const done = await asked.press('Revoke and block');
    const { id } = madeFor(who)[0] as { id: string };
    const later = { sub: who, iat: Math.floor(Date.now() / 1000) + 2 };
    expect((await world.exchange(await world.token(later))).status).toBe(403);

    const { browser } = await world.visit(OLGA.name);
    const listed = await browser.open(done.url.href);
    expect(listed.text).toContain('until lifted');
    const lifting = await browser.open(`${world.url}/console/revocations`);
    const confirm = await lifting.press('Lift…', { id });
    expect(confirm.text).toContain('Lift the revocation of');
    expect(confirm.text).toContain('laptop lost');
    const lifted = await confirm.press('Lift it');
    expect(lifted.text).toContain(`Revocation ${id} is lifted.`);
    expect(madeFor(who).map((event) => 'change' in event && event.change)).toEqual([
      'made',
      'lifted',
    ]);
    expect((await world.exchange(await world.token(later))).status).toBe(200);
  });

  test('affects exactly the named identity: one more space names another', async () => {
    const who = someone();
    await present(who);
    const other = encodeURIComponent(`${who} `);
    expect((await revokeOf(other)).text).toContain('This ends 0 valid credentials');
    expect((await revokeOf(who)).text).toContain('This ends 1 valid credential');
  });

  test.each([
    ['a role', { kind: 'role', role: 'no-such-role' }, 404],
    ['a binding', { kind: 'binding', binding: 'no such binding' }, 404],
    ['a key', { kind: 'nkey', nkey: 'UNKNOWN' }, 400],
    ['nothing', { kind: '' }, 400],
    ['half an identity', { kind: 'identity', subject: '' }, 400],
    ['no reason', { reason: '' }, 400],
    ['too long a reason', { reason: 'x'.repeat(501) }, 400],
    ['herself, blocked', { kind: 'identity', issuer: 'acme', subject: OLGA.id, block: 'yes' }, 400],
  ])('of %s is refused in the form, which keeps the input', async (_, fields, status) => {
    const answer = await revokeOf(someone(), { binding: 'keep me', ...fields });
    expect(answer.status).toBe(status);
    expect(answer.body).toContain('role="alert"');
    expect(answer.body).toMatch(/name="binding"[^>]*value="(keep me|no such binding)"/);
  });

  test.each([
    ['nkey', async (first: { user: string }) => ({ kind: 'nkey', nkey: first.user })],
    ['role', async () => ({ kind: 'role', role: 'publisher' })],
    ['binding', async () => ({ kind: 'binding', binding: 'orders service' })],
  ])('by %s counts what it affects', async (_, fieldsOf) => {
    const who = someone();
    const { first } = await present(who);
    const user = (
      JSON.parse(Buffer.from(first.jwt.split('.')[1]!, 'base64url').toString()) as { sub: string }
    ).sub;
    const asked = await revokeOf(who, await fieldsOf({ user }));
    expect(asked.status).toBe(200);
    expect(asked.text).toMatch(
      /This ends [1-9]\d* valid credentials? and [1-9]\d* live connections?/,
    );
  });
});

describe('a signing key', () => {
  test('is revoked after its figures were shown and a reason was given', async () => {
    const who = someone();
    const { first, connection } = await present(who);
    const { page } = await world.visit(OLGA.name);
    const asked = await page.press('Revoke…', { key: first.issuer });
    expect(asked.text).toMatch(
      /Servers will reject it at once\. This ends [1-9]\d* valid credentials? and [1-9]/,
    );
    const unreasoned = await asked.press('Revoke the key', { reason: ' ' });
    expect(unreasoned.status).toBe(400);
    expect(unreasoned.body).toContain('aria-invalid="true"');
    expect(world.audit({ type: 'admin' })).toEqual([]);
    expect(connection.isClosed()).toBe(false);

    const done = await unreasoned.press('Revoke the key', { reason: 'it leaked' });
    expect(done.url.pathname).toBe('/console');
    expect(done.text).toMatch(/The key A\w{7}…\w{4} is revoked\. [1-9]/);
    await eventually(() => connection.isClosed());
    expect(world.audit({ type: 'admin' })).toMatchObject([
      {
        action: 'revoke-key',
        publicKey: first.issuer,
        reason: 'it leaked',
        identity: { subject: OLGA.id },
      },
    ]);
    const again = await page.press('Revoke…', { key: first.issuer });
    expect(again.status).toBe(404);
  });
});

describe('a rotation', () => {
  test.each([
    ['Rotate all keys', 'all accounts'],
    ['Rotate all keys of APP', 'account APP'],
    ['Rotate', 'role publisher'],
  ])('by "%s" is of %s, and disconnects nobody', async (button, of) => {
    await eventually(() => world.ring()?.keys.some(({ state }) => state === 'active'));
    const { connection } = await present(someone());
    const before = world.audit({ type: 'admin' }).length;
    const { page } = await world.visit(OLGA.name);
    const asked = await page.press(button);
    expect(asked.text).toContain(`New keys for ${of}: 1 key will be replaced.`);
    expect(asked.text).toMatch(/Nobody is disconnected.*[1-9]\d* credentials? of the old keys/);
    expect(world.audit({ type: 'admin' })).toHaveLength(before);
    const active = world.ring()?.keys.find(({ state }) => state === 'active')?.publicKey;

    const done = await asked.press('Rotate');
    expect(done.text).toContain('Rotation requested: 1 new key will take over');
    expect(world.audit({ type: 'admin' }).slice(before)).toMatchObject([
      { action: 'rotate', account: 'APP', slot: 'publisher', identity: { subject: OLGA.id } },
    ]);
    await eventually(() => {
      const now = world.ring()?.keys.find(({ state }) => state === 'active')?.publicKey;
      return now !== undefined && now !== active;
    });
    expect(connection.isClosed()).toBe(false);
  });
});

describe.each([
  [
    'an account',
    '/console/rotate',
    { account: 'AP' },
    'There is no account "AP" (did you mean "APP"?).',
  ],
  ['a role', '/console/rotate', { role: '<i>' }, 'There is no role "<i>"'],
  [
    'a key',
    '/console/keys/revoke',
    { key: 'A', reason: 'x' },
    'There is no signing key in use with this public key.',
  ],
  [
    'a revocation',
    '/console/revocations/lift',
    { id: '0123456789ab' },
    'There is no revocation with this ID.',
  ],
])('an action on %s that does not exist', (_, path, fields, words) => {
  test.each([
    ['before the confirmation', {}],
    ['if it is gone at the confirmation', { confirmed: 'yes' }],
  ])('is refused in words, %s, and a link leads back to the console', async (_, confirmed) => {
    const { browser } = await world.visit(OLGA.name);
    const before = world.audit().filter(({ type }) => type !== 'login').length;
    const response = await fetch(world.url + path, {
      method: 'POST',
      headers: {
        cookie: browser.cookies.headerFor(new URL(world.url)),
        'sec-fetch-site': 'same-origin',
      },
      body: new URLSearchParams({ ...fields, ...confirmed }),
    });
    expect(response.status).toBe(404);
    const body = await response.text();
    expect(textOf(body)).toContain(words);
    expect(body).toMatch(/<a class="button" href="\/console(\/revocations)?">Go back<\/a>/);
    expect(body).not.toContain('name="confirmed"');
    expect(world.audit().filter(({ type }) => type !== 'login')).toHaveLength(before);
  });
});

const FORMS: [path: string, fields: Record<string, string>][] = [
  ['/console/rotate', { confirmed: 'yes' }],
  ['/console/keys/revoke', { key: 'A', reason: 'x', confirmed: 'yes' }],
  ['/console/revoke', { kind: 'role', role: 'publisher', reason: 'x', confirmed: 'yes' }],
  ['/console/revocations/lift', { id: '0123456789ab', confirmed: 'yes' }],
];

describe.each(FORMS)('the form of %s', (path, fields) => {
  const send = (cookie: string, headers: Record<string, string>) =>
    fetch(world.url + path, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, ...headers },
      body: new URLSearchParams(fields),
    });
  const records = () =>
    world.audit().filter(({ type }) => type === 'admin' || type === 'revocation');

  test.each([
    ['from another site', { 'sec-fetch-site': 'cross-site' }],
    ['from a neighbour', { 'sec-fetch-site': 'same-site' }],
    ['from another origin', { origin: 'https://evil.example' }],
    ['from nowhere', {}],
  ])('does nothing when it comes %s', async (_, headers) => {
    const before = records().length;
    const { browser } = await world.visit(OLGA.name);
    const response = await send(browser.cookies.headerFor(new URL(world.url)), headers);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('came from another site');
    expect(records()).toHaveLength(before);
  });

  test('does nothing for a person who is not an administrator, or not signed in', async () => {
    const before = records().length;
    const own = { 'sec-fetch-site': 'same-origin' };
    const { browser } = await world.visit(BEN.name);
    const ben = await send(browser.cookies.headerFor(new URL(world.url)), own);
    expect(ben.status).toBe(403);
    expect(await ben.text()).toContain('The console is for administrators');
    expect((await send('', own)).status).toBe(401);
    expect(records()).toHaveLength(before);
  });
});
