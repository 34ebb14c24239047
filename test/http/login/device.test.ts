import { describe, expect, test } from 'vitest';
import type { HandoverAsk } from '../../../src/login/handovers.ts';
import { Refusal } from '../../../src/errors.ts';
import { headingOf, NKEY, sessionShown } from './pages.ts';
import { type LoginApp, startLoginApp } from './login-app.ts';

const CALLER = { requestId: 'r', address: '203.0.113.7' };

async function begin({ world }: LoginApp, changes: Partial<HandoverAsk> = {}) {
  const ask = { program: 'a tool', userPublicKey: NKEY, role: undefined, ttlSeconds: undefined };
  const codes = await world.one.beginDevice({ ...ask, ...changes }, CALLER);
  if (codes instanceof Refusal) throw new Error(codes.message);
  return codes;
}

/** The question is read, and its form sent by the same person. */
async function answered(people: LoginApp, cookies: Texts, fields: Texts & { user_code: string }) {
  const page = await people.get(`/device?user_code=${fields.user_code}`, { cookies });
  return people.post('/device', { ...fields, session: sessionShown(page) }, { cookies });
}

type Texts = Readonly<Record<string, string>>;

describe('GET /device', () => {
  test('sends a person who is not signed in to the login, and back with the code', async () => {
    await using people = await startLoginApp();
    const answer = await people.get('/device?user_code=BCDF-GHJK');
    expect([answer.statusCode, answer.headers.location]).toEqual([
      303,
      `/login?return_to=${encodeURIComponent('/device?user_code=BCDF-GHJK')}`,
    ]);
  });

  test('asks for a code', async () => {
    await using people = await startLoginApp();
    const answer = await people.get('/device', { cookies: await people.signIn() });
    expect([answer.statusCode, headingOf(answer)]).toEqual([
      200,
      'Enter the code from your device',
    ]);
    expect(answer.body).toContain('<label for="user-code">Code</label>');
  });

  test('shows the request with the code to compare, and approves nothing', async () => {
    await using people = await startLoginApp();
    const { userCode } = await begin(people, { program: '<i>tool</i>' });
    const typed = userCode.toLowerCase().replace('-', ' ');
    const answer = await people.get(`/device?user_code=${encodeURIComponent(typed)}`, {
      cookies: await people.signIn(),
    });
    expect(headingOf(answer)).toBe('Give this device a credential?');
    for (const text of [
      userCode,
      '&lt;i&gt;tool&lt;/i&gt;',
      '203.0.113.7',
      '10:30 UTC',
      'publisher',
      'reader',
    ]) {
      expect(answer.body).toContain(text);
    }
    expect(people.world.told.map(({ step }) => step)).toEqual(['device-begun']);
  });

  test('with an unknown code asks again, and tells screen readers, too', async () => {
    await using people = await startLoginApp();
    const answer = await people.get('/device?user_code=%22%3EBBBBBBBB', {
      cookies: await people.signIn(),
    });
    expect([answer.statusCode, headingOf(answer)]).toEqual([
      400,
      'Enter the code from your device',
    ]);
    expect(answer.body).toContain('role="alert"');
    expect(answer.body).toContain('value="&quot;&gt;BBBBBBBB" aria-invalid="true"');
    expect(people.world.told).toMatchObject([
      { step: 'failed', identity: { subject: 'ada' }, refusal: { reason: 'user_code_unknown' } },
    ]);
  });
});

describe('POST /device', () => {
  test('after approval gives the device the chosen role', async () => {
    await using people = await startLoginApp();
    const { userCode, deviceCode } = await begin(people);
    const cookies = await people.signIn();
    const fields = { user_code: userCode, role: 'reader', decision: 'agree' };
    const answer = await answered(people, cookies, fields);
    expect([answer.statusCode, headingOf(answer)]).toEqual([200, 'Done']);
    const handed = await people.world.one.redeemDevice(deviceCode, CALLER);
    expect(handed).toMatchObject({ role: 'reader', userPublicKey: NKEY });
    // Sent once more, it is a used code.
    expect((await people.post('/device', fields, { cookies })).statusCode).toBe(400);
  });

  test.each(['agree', 'refuse'])(
    'from a page that another person saw does nothing (%s): the person who is signed in now is asked first',
    async (decision) => {
      await using people = await startLoginApp();
      const { userCode, deviceCode } = await begin(people);
      const path = `/device?user_code=${userCode}`;
      const page = await people.get(path, { cookies: await people.signIn() });
      const eve = await people.signIn({ team: 'orders', sub: 'eve', name: 'Eve' });
      const fields = { user_code: userCode, role: 'reader', decision };
      for (const session of [{ session: sessionShown(page) }, {}]) {
        const answer = await people.post('/device', { ...fields, ...session }, { cookies: eve });
        expect([answer.statusCode, headingOf(answer)]).toEqual([
          409,
          'Give this device a credential?',
        ]);
        expect(answer.body).toContain(
          'You are now signed in as <strong><bdi>Eve</bdi></strong>. Check again before you agree.',
        );
        expect(answer.body).toContain(userCode);
        expect(sessionShown(answer)).not.toBe(sessionShown(page));
      }
      expect(await people.world.one.redeemDevice(deviceCode, CALLER)).toMatchObject({
        reason: 'authorization_pending',
      });
      expect(people.world.told.map(({ step }) => step)).toEqual(['device-begun']);
    },
  );

  test('after a refusal tells the device', async () => {
    await using people = await startLoginApp();
    const { userCode, deviceCode } = await begin(people);
    const fields = { user_code: userCode, role: 'reader', decision: 'refuse' };
    const answer = await answered(people, await people.signIn(), fields);
    expect(headingOf(answer)).toBe('You refused');
    expect(await people.world.one.redeemDevice(deviceCode, CALLER)).toMatchObject({
      reason: 'handover_refused',
    });
  });

  test.each([
    [undefined, { role: 'admin' }],
    [undefined, {}],
    // Another one than the program asked for, and the page showed.
    ['reader', { role: 'publisher' }],
  ])('hands over no role that was not offered (requested: %s, sent: %j)', async (role, sent) => {
    await using people = await startLoginApp();
    const { userCode, deviceCode } = await begin(people, { role });
    const fields = { user_code: userCode, decision: 'agree', ...(sent as Texts) };
    const answer = await answered(people, await people.signIn(), fields);
    expect([answer.statusCode, headingOf(answer)]).toEqual([403, 'You cannot take this role']);
    expect(await people.world.one.redeemDevice(deviceCode, CALLER)).toMatchObject({
      reason: 'authorization_pending',
    });
  });

  test('limits guesses of codes by identity', async () => {
    await using people = await startLoginApp({ limits: { perIdentity: 2 } });
    const cookies = await people.signIn();
    const guess = async () =>
      (await people.get('/device?user_code=BBBB-BBBB', { cookies })).statusCode;
    expect([await guess(), await guess(), await guess()]).toEqual([400, 400, 429]);
    const fields = { user_code: 'BBBB-BBBB', decision: 'agree' };
    expect((await people.post('/device', fields, { cookies })).statusCode).toBe(429);
  });

  test('lets a person without a role only refuse', async () => {
    await using people = await startLoginApp();
    const { userCode } = await begin(people);
    const cookies = await people.signIn({ team: 'sales' });
    const { body } = await people.get(`/device?user_code=${userCode}`, { cookies });
    expect(body).toContain('You have no access');
    expect(body).toContain('value="refuse"');
    expect(body).not.toContain('value="agree"');
  });
});
