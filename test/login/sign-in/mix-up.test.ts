import { describe, expect, test } from 'vitest';
import { type HostileIssuer, startHostileIssuer, tokenAnswer } from './hostile-issuer.ts';
import {
  begin,
  failed,
  finish,
  finished,
  loginSpec,
  PUBLIC_URL,
  REDIRECT_URI,
  startReplica,
} from '../world.ts';

/**
 * Two issuers, neither of which says in its answers whose they are. People at `contractor` are led
 * on to `company` by an attacker who runs it.
 */
async function startTwo() {
  const stack = new AsyncDisposableStack();
  const company = stack.use(await startHostileIssuer());
  const contractor = stack.use(await startHostileIssuer());
  const specs = [
    loginSpec({ issuer: company.issuer }),
    loginSpec({
      issuer: contractor.issuer,
      issuerName: 'contractor',
      redirectPath: '/login/callback/contractor',
    }),
  ];
  const requests = () => [...company.requests, ...contractor.requests];
  const replica = async () => stack.use(await startReplica({ specs }));
  return {
    company,
    contractor,
    requests,
    replica,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const CODE = 'the-code-of-the-victim-at-the-company';

/** Where `company` sends a browser that came with this state, by the redirect URI registered there. */
function answerOfCompany(
  state: string | null,
  parameters: Record<string, string> = { code: CODE },
) {
  return `${REDIRECT_URI}?${new URLSearchParams({ ...parameters, state: state ?? '' }).toString()}`;
}

const codesAt = ({ tokenRequests }: HostileIssuer) =>
  tokenRequests.map(({ parameters }) => parameters.get('code'));

describe('rule: every issuer sends people back to its own address (RFC 9700 §4.4.2.2)', () => {
  test('the code of one issuer never goes to another that redirected the person to it', async () => {
    await using world = await startTwo();
    using replica = await world.replica();
    // The attacker begins a login of their own, and the victim one at the attacker's issuer, which
    // sends them on with their state, and the nonce and the code challenge of the attacker.
    const attackers = await begin(replica);
    const victims = await begin(replica, { issuerName: 'contractor' });
    world.contractor.answer({ status: 400, body: { error: 'invalid_grant' } });
    world.company.answer(await tokenAnswer(world.company, attackers.url, { sub: 'the-victim' }));
    const state = victims.url.searchParams.get('state');
    const result = await failed(finish(replica, answerOfCompany(state), victims.attempt));
    expect(result.refusal.reason).toBe('login_issuer_mismatch');
    expect([...codesAt(world.company), ...codesAt(world.contractor)]).toEqual([]);
  });

  test('an issuer gets its own address, at the beginning and with the code', async () => {
    await using world = await startTwo();
    using replica = await world.replica();
    const { url, attempt } = await begin(replica, { issuerName: 'contractor' });
    const redirectUri = `${PUBLIC_URL}/login/callback/contractor`;
    expect(url.searchParams.get('redirect_uri')).toBe(redirectUri);
    world.contractor.answer(await tokenAnswer(world.contractor, url));
    const state = url.searchParams.get('state');
    await finished(finish(replica, `${redirectUri}?code=c&state=${state}`, attempt));
    const [request] = world.contractor.tokenRequests;
    expect(request?.parameters.get('redirect_uri')).toBe(redirectUri);
    expect((await begin(replica)).url.searchParams.get('redirect_uri')).toBe(REDIRECT_URI);
  });

  test.each([
    '/login/callback',
    '/login/callback/',
    '/login/callback/contractor/',
    '/login/callback/Contractor',
    '/login/callback/c%6fntractor',
    '/login/callback/contractor2',
    '//evil.test/login/callback/contractor',
    '/',
  ])(
    'an answer that comes to %s is not accepted from an issuer with another address',
    async (path) => {
      await using world = await startTwo();
      using beginning = await world.replica();
      // One that has not yet asked any issuer what it is.
      using finishing = await world.replica();
      const { url, attempt } = await begin(beginning, { issuerName: 'contractor' });
      const asked = world.requests().length;
      const answer = {
        url: `${path}?code=${CODE}&state=${url.searchParams.get('state')}`,
        attempt,
      };
      const caller = { requestId: 'r1', address: '192.0.2.1' };
      const { refusal } = await failed(finishing.logins.finish(answer, caller));
      expect(refusal.reason).toBe('login_issuer_mismatch');
      expect(world.requests()).toHaveLength(asked);
      expect(finishing.journal).toMatchObject([
        { step: 'failed', issuerName: 'contractor', refusal: { reason: 'login_issuer_mismatch' } },
      ]);
      expect(JSON.stringify(finishing.journal)).not.toContain(CODE);
    },
  );

  test('such an answer uses the attempt up', async () => {
    await using world = await startTwo();
    using replica = await world.replica();
    const { url, attempt } = await begin(replica, { issuerName: 'contractor' });
    const state = url.searchParams.get('state');
    await failed(finish(replica, answerOfCompany(state), attempt));
    const again = finish(
      replica,
      `${PUBLIC_URL}/login/callback/contractor?code=c&state=${state}`,
      attempt,
    );
    expect((await failed(again)).refusal.reason).toBe('login_unknown');
  });

  test('the words of one issuer are not shown as those of another', async () => {
    await using world = await startTwo();
    using replica = await world.replica();
    const { url, attempt } = await begin(replica, { issuerName: 'contractor' });
    const words = { error: 'access_denied', error_description: 'Call 555-0100 at once.' };
    const back = answerOfCompany(url.searchParams.get('state'), words);
    const result = await failed(finish(replica, back, attempt));
    expect(result.refusal.reason).toBe('login_issuer_mismatch');
    expect(result.issuerSaid).toBeUndefined();
  });
});
