import { expect, test } from 'vitest';
import { type HostileIssuer, startHostileIssuer, tokenAnswer } from './hostile-issuer.ts';
import {
  begin,
  failed,
  finish,
  finished,
  loginSpec,
  REDIRECT_URI,
  startReplica,
} from '../world.ts';

test.each([
  ['issuer', (_old: HostileIssuer, other: HostileIssuer) => ({ issuer: other.issuer })],
  ['client', ({ issuer }: HostileIssuer) => ({ issuer, clientId: 'another' })],
])(
  'rule: mixed-up issuers: a login that began under the same name with another %s fails, and its code goes nowhere',
  async (_what, changed) => {
    await using old = await startHostileIssuer();
    await using other = await startHostileIssuer();
    using before = await startReplica({ specs: [loginSpec({ issuer: old.issuer })] });
    using after = await startReplica({ specs: [loginSpec(changed(old, other))] });
    const { url, attempt } = await begin(before, { returnTo: '/console' });
    const back = `${REDIRECT_URI}?code=c&state=${url.searchParams.get('state')}`;

    expect(await failed(finish(after, back, attempt))).toMatchObject({
      refusal: { reason: 'login_unknown', detail: expect.stringContaining('after it began') },
      issuerName: 'company',
      returnTo: '/console',
    });
    expect([...old.tokenRequests, ...other.tokenRequests]).toEqual([]);

    // Where nothing was changed it goes on.
    old.answer(await tokenAnswer(old, url));
    await finished(finish(before, back, attempt));
  },
);
