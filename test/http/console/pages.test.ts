import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cookieJar } from '../../../src/http/pages/cookies/cookie-jar.ts';
import { denied, drift, identity, key, rejected } from '../../audit/events.ts';
import { eventually } from '../../support/eventually.ts';
import { createBrowser } from '../../support/people.ts';
import { BEN, type ConsoleWorld, OLGA, someone, startConsoleWorld } from './console-world.ts';

let world: ConsoleWorld;
beforeAll(async () => {
  world = await startConsoleWorld((tree) => {
    tree.contact = 'platform@example.com';
  });
});
afterAll(() => world[Symbol.asyncDispose]());

const PAGES = [
  '/console',
  '/console/activity',
  '/console/credentials',
  '/console/revocations',
  '/console/revoke',
];

/** The part of a page between the tags of one section. */
function section(body: string, name: string): string {
  return new RegExp(`<section data-part="${name}".*?</section>`, 's').exec(body)?.[0] ?? '';
}

describe.each(PAGES)('%s', (path) => {
  test('sends a person who is not signed in to the login, and back', async () => {
    const response = await fetch(world.url + path, { redirect: 'manual' });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe(`/login?return_to=${encodeURIComponent(path)}`);
    const { page } = await world.visit(OLGA.name, path);
    expect([page.status, page.url.pathname]).toEqual([200, path]);
  });

  test('refuses a person whom no rule matches, in plain words, and records that', async () => {
    const before = world.audit({ subject: BEN.id, reason: 'not_admin' }).length;
    const { page } = await world.visit(BEN.name, path);
    expect(page.status).toBe(403);
    expect(page.text).toContain('The console is for administrators');
    expect(page.text).toContain('Ben Bitdiddle');
    expect(page.text).toContain('platform@example.com');
    const records = world.audit({ subject: BEN.id, reason: 'not_admin' }).slice(before);
    expect(records).toMatchObject([{ type: 'denied', door: 'admin', binding: 'admin[0]' }]);
  });

  test('has a strict policy, only our own scripts and styles, and is not cached', async () => {
    const { page } = await world.visit(OLGA.name, path);
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(page.headers['cache-control']).toBe('no-store');
    expect(page.body).not.toMatch(/ style="|<style|<script>| on[a-z]+="/);
    const scripts = [...page.body.matchAll(/<script[^>]*>/g)].map(([tag]) => tag);
    for (const tag of scripts) expect(tag).toMatch(/src="\/assets\/console\.[\w-]+\.js"/);
    expect(policy.includes("connect-src 'self'")).toBe(scripts.length > 0);
  });
});

test('without rules, the console says how to write some', async () => {
  await using closed = await startConsoleWorld((tree) => {
    delete tree.admin;
  });
  const { page } = await closed.visit(OLGA.name);
  expect(page.status).toBe(403);
  expect(page.text).toContain('This service has no administrators');
  expect(page.body).toContain('admin:\n  - issuer: acme\n');
});

test('the overview shows health, figures, warnings, keys, and the latest activity', async () => {
  const who = someone();
  const { creds, issuer } = await world.credential(await world.token({ sub: who }));
  await world.connect(creds);
  const { browser } = await world.visit(OLGA.name);
  // Figures may be a second old.
  const page = await eventually(async () => {
    const page = await browser.open(`${world.url}/console`);
    return /<dt>Live connections<\/dt><dd>[1-9]/.test(page.body) && page;
  });
  const summary = section(page.body, 'summary');
  expect(summary).toContain('>Ready</span> All parts work.');
  expect(summary).toMatch(/<dt>Valid credentials<\/dt><dd>[1-9]/);
  expect(summary).toContain('1 configuration warning<');
  expect(section(page.body, 'configuration')).toContain('issuers.acme.login.clientSecret');
  expect(section(page.body, 'activity')).toContain(who);
  const keys = section(page.body, 'keys');
  expect(keys).toContain(`title="${issuer}"`);
  expect(keys).toContain('role publisher');
  expect(keys).toMatch(
    /aria-label="active: for \d+ seconds?, next rotation in (59 minutes|1 hour)"/,
  );
  expect(keys).toMatch(/aria-label="staged: /);
});

test('records of keys push nothing else out of the overview; all activity has them', async () => {
  const who = someone();
  await world.exchange(await world.token({ sub: who }), { role: 'no-such-role' });
  const now = Date.now();
  world.append(Array.from({ length: 100 }, () => ({ ...key, time: now, slot: 'rotates-often' })));
  const { browser, page } = await world.visit(OLGA.name);
  const latest = section(page.body, 'activity');
  expect(latest).toContain(who);
  expect(latest).not.toContain('rotates-often');
  const all = await browser.open(`${world.url}/console/activity`);
  expect(section(all.body, 'activity')).toContain('rotates-often');
});

test('if all recent records are of automatic actions, the overview says so', async () => {
  await using busy = await startConsoleWorld();
  const { browser } = await busy.visit(OLGA.name);
  const time = Date.now();
  busy.append(Array.from({ length: 4100 }, () => ({ ...key, time })));
  const page = await browser.open(`${busy.url}/console`);
  expect(section(page.body, 'activity')).toContain('are of automatic actions');
});

test('a search for a role shows only that role', async () => {
  const { browser } = await world.visit(OLGA.name);
  const found = await browser.open(`${world.url}/console?role=publ`);
  expect(section(found.body, 'keys')).toContain('role publisher');
  const none = await browser.open(`${world.url}/console?role=nothing`);
  expect(section(none.body, 'keys')).not.toContain('role publisher');
  expect(none.text).toContain('0 slots found');
});

test('activity is filtered by form and by link, and says why something was refused', async () => {
  const who = someone();
  const token = await world.token({ sub: who });
  await world.exchange(token, { role: 'no-such-role' });
  await world.credential(token);
  const { browser, page } = await world.visit(OLGA.name, '/console/activity');
  const mine = await page.press('Filter', { subject: who });
  expect(mine.url.search).toContain(`subject=${who}`);
  const records = section(mine.body, 'activity');
  expect(records.match(/<tr><td/g)).toHaveLength(2);
  expect(records).toContain('role_not_allowed');
  const denials = await mine.press('Filter', { type: 'denied' });
  expect(section(denials.body, 'activity').match(/<tr><td/g)).toHaveLength(1);
  const same = await browser.open(`${world.url}/console/activity`);
  const linked = await same.follow('role_not_allowed');
  expect(linked.url.search).toBe('?reason=role_not_allowed');
  expect(linked.text).toContain(who);
});

test('an invalid filter is refused, and the page says why', async () => {
  const { browser } = await world.visit(OLGA.name);
  for (const query of ['type=nonsense', 'role=a&role=b', `subject=${'x'.repeat(3000)}`]) {
    expect((await browser.open(`${world.url}/console/activity?${query}`)).status).toBe(400);
  }
  const cursor = await browser.open(`${world.url}/console/credentials?cursor=x`);
  expect(cursor.status).toBe(400);
});

test('valid credentials are found by identity, and each links to its revocation', async () => {
  const who = someone();
  await world.credential(await world.token({ sub: who }));
  const { browser } = await world.visit(OLGA.name);
  const page = await browser.open(`${world.url}/console/credentials?subject=${who}`);
  expect(section(page.body, 'credentials')).toContain('>1 credential<');
  const form = await page.follow('Revoke…');
  expect(form.body).toMatch(new RegExp(`name="subject"[^>]*value="${who}"`));
  expect(form.body).toMatch(/name="kind" value="identity" checked/);
});

const HOSTILE = `"><img src=x onerror=alert(1)>'&lt;<script>alert(2)</script>{{x}}\u202E`;

test('names that strangers chose are shown as text everywhere', async () => {
  const stranger = { ...identity, issuerName: `dev${HOSTILE}`, subject: HOSTILE };
  world.append([
    denied({
      time: Date.now(),
      identity: stranger,
      actor: stranger,
      role: HOSTILE,
      binding: HOSTILE,
      reason: HOSTILE,
      message: HOSTILE,
      detail: HOSTILE,
    }),
    rejected({ time: Date.now(), reason: HOSTILE, address: HOSTILE }),
    { ...key, time: Date.now(), slot: HOSTILE, account: HOSTILE },
    { ...drift, time: Date.now(), account: HOSTILE },
    {
      type: 'login',
      step: 'failed',
      time: Date.now(),
      requestId: HOSTILE,
      door: 'login',
      address: HOSTILE,
      program: HOSTILE,
      issuerName: HOSTILE,
      message: HOSTILE,
      reason: HOSTILE,
    },
  ]);
  await world.credential(await world.token({ sub: HOSTILE }));
  const { browser, page } = await world.visit(OLGA.name);
  const encoded = encodeURIComponent(HOSTILE);
  const pages = [
    page,
    await browser.open(`${world.url}/console/activity`),
    await browser.open(`${world.url}/console/activity?subject=${encoded}&role=${encoded}`),
    await browser.open(`${world.url}/console/credentials?subject=${encoded}`),
    await browser.open(`${world.url}/console?role=${encoded}`),
    await browser.open(
      `${world.url}/console/revoke?issuer=${encoded}&subject=${encoded}&nkey=${encoded}&reason=${encoded}`,
    ),
  ];
  for (const { body, status } of pages) {
    expect(status).toBe(200);
    expect(body).not.toMatch(/<img src=x|<script>|\u202E(?!")/);
    expect(body).toContain('&lt;img src=x');
  }
});

test('a link cannot make a notice appear', async () => {
  const { browser } = await world.visit(OLGA.name);
  const page = await browser.open(`${world.url}/console?notice=You+won&done=rotated&slots=3`);
  expect(page.text).not.toContain('You won');
  expect(page.text).not.toContain('Rotation requested');
});

test('a notice that the service did not write is not shown', async () => {
  const notice = `${cookieJar(world.url).prefix}-notice`;
  for (const text of [
    'You%20won',
    'lifted.<b>',
    'rotated.x',
    'revoked.0123456789ab.1.1.1',
    'key-revoked.U.1',
  ]) {
    const { browser } = await world.visit(OLGA.name);
    browser.cookies.put(new URL(world.url), notice, text);
    const page = await browser.open(`${world.url}/console`);
    expect(page.body).not.toContain('notice good');
    expect(browser.cookies.names()).not.toContain(notice);
  }
});

test('a forged session opens nothing', async () => {
  const browser = createBrowser({ stopAt: ({ pathname }) => pathname === '/login' });
  browser.cookies.put(new URL(world.url), `${cookieJar(world.url).prefix}-session`, '1.forged');
  const page = await browser.open(`${world.url}/console`);
  expect(page.url.pathname).toBe('/login');
});

describe('the page of one identity', () => {
  test('shows its credentials, connections, refusals and sign-ins, and revokes it', async () => {
    const who = someone();
    const token = await world.token({ sub: who });
    await world.exchange(token, { role: 'no-such-role' });
    const { creds } = await world.credential(token);
    await world.connect(creds);
    const { browser, page } = await world.visit(OLGA.name, '/console/credentials');
    const found = await page.press('Filter', { subject: who });
    const identityPage = await found.follow(who);
    expect(identityPage.url.pathname).toBe('/console/identity');
    const credentials = section(identityPage.body, 'credentials');
    expect(credentials).toContain('1 credential<');
    expect(credentials).toContain('1 live connection<');
    expect(section(identityPage.body, 'refusals')).toContain('role_not_allowed');
    expect(section(identityPage.body, 'sign-ins')).toContain('No records match');
    expect(section(identityPage.body, 'revocations')).toBe('');

    const form = await identityPage.follow('Revoke…');
    const confirm = await form.press('See what would be disconnected', { reason: 'left' });
    await confirm.press('Revoke');
    const after = await browser.open(identityPage.url.href);
    expect(section(after.body, 'revocations')).toContain('left');
    expect(section(after.body, 'credentials')).toContain('No credentials match');
  });

  test('of a person who only signed in shows that', async () => {
    const { page } = await world.visit(
      OLGA.name,
      `/console/identity?issuer=acme&subject=${OLGA.id}`,
    );
    expect(section(page.body, 'sign-ins')).toContain('signed-in');
  });

  test.each(['', '?issuer=acme', '?subject=olga'])(
    'requires issuer and subject: %j',
    async (query) => {
      const { page } = await world.visit(OLGA.name, `/console/identity${query}`);
      expect([page.status, page.text]).toEqual([
        400,
        expect.stringContaining('by issuer and subject'),
      ]);
    },
  );
});

test('started sign-ins are folded into one entry, however many there are', async () => {
  const { browser } = await world.visit(OLGA.name);
  for (let begun = 0; begun < 3; begun += 1) {
    await fetch(`${world.url}/login?issuer=acme`, { redirect: 'manual' });
  }
  const page = await browser.open(`${world.url}/console/activity`);
  const [first = ''] = section(page.body, 'activity').match(/<details>.*?<\/details>/s) ?? [];
  expect(first).toMatch(/<summary>\d+ sign-ins started<\/summary>/);
  expect(first.match(/<li>/g)?.length).toBeGreaterThanOrEqual(3);
});

test('configured names are chosen from a list, and a removed name stays selected', async () => {
  const { browser, page } = await world.visit(OLGA.name, '/console/credentials');
  const select = (body: string, name: string) =>
    new RegExp(`<select id="[^"]*" name="${name}">.*?</select>`, 's').exec(body)?.[0] ?? '';
  expect(select(page.body, 'issuer')).toContain('<option value="acme">acme</option>');
  expect(select(page.body, 'role')).toContain('<option value="publisher">');
  expect(select(page.body, 'account')).toContain('<option value="APP">');
  const gone = await browser.open(`${world.url}/console/credentials?role=gone`);
  expect(select(gone.body, 'role')).toContain('<option value="gone" selected>');
  const form = await browser.open(`${world.url}/console/revoke`);
  for (const [name, value] of [
    ['issuer', 'acme'],
    ['role', 'publisher'],
    ['binding', 'orders service'],
  ]) {
    expect(form.body).toContain(`name="${name}" type="text" value="" list="target-${name}-names"`);
    expect(form.body).toContain(`<option value="${value}"></option>`);
  }
});
