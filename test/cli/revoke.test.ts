import { describe, expect, test } from 'vitest';
import { NOW, type Route, startAdminService } from './admin-service.ts';
import { natsSts, natsStsAt, natsStsWithStdin } from './command-line.ts';

/** Accepts the revocation, and returns what was requested. */
const revoke: Route = ({ body }) => {
  const { reason: _, block, dry_run, ...target } = body as Record<string, unknown>;
  const told = { target, block, at: NOW, credentials: 3, credentials_not_cut: 0, sessions: 2 };
  return dry_run === true ? [200, told] : [201, { ...told, id: 'k3Zt0QpX' }];
};

const start = (route: Route = revoke) => startAdminService({ 'POST /admin/revocations': route });

const IDENTITY = ['--issuer', 'entra', '--subject', '7c9a', '--reason', 'left'];

describe('revoke', () => {
  test('shows what would be revoked, and revokes it when the answer is yes', async () => {
    await using service = await start();
    const args = ['revoke', ...IDENTITY, ...service.at];
    const { exitCode, out, err } = await natsStsAt({ answer: 'y' }, ...args);
    expect(err).toBe(
      'Revokes entra 7c9a: 3 credentials and 2 connections.\n' +
        'Tokens issued until five seconds from now are denied. Later tokens work if the policy allows them.\n' +
        'Revoke? [y/N] ',
    );
    expect(exitCode).toBe(0);
    expect(out).toBe(
      'revoked entra 7c9a: 3 credentials and 2 connections\n' +
        'to lift it: nats-sts revocations lift k3Zt0QpX\n',
    );
    const asked = { issuer: 'entra', subject: '7c9a', reason: 'left', block: false };
    expect(service.asked.map(({ body }) => body)).toEqual([
      { ...asked, dry_run: true },
      { ...asked, dry_run: false },
    ]);
  });

  test('with --block says that new credentials are denied', async () => {
    await using service = await start();
    const args = ['revoke', ...IDENTITY, '--block', ...service.at];
    const { out, err } = await natsStsAt({ answer: 'y' }, ...args);
    expect(err).toContain('New credentials are denied until you lift the revocation.');
    expect(out).toContain('connections; new credentials are denied\n');
  });

  test('changes nothing when the answer is no', async () => {
    await using service = await start();
    const { exitCode } = await natsStsAt({ answer: 'n' }, 'revoke', ...IDENTITY, ...service.at);
    expect(exitCode).toBe(1);
    expect(service.asked.map(({ body }) => body)).toEqual([
      expect.objectContaining({ dry_run: true }),
    ]);
  });

  test('only shows what it would do with --dry-run, even without a terminal', async () => {
    await using service = await start();
    const { exitCode, out } = await natsSts('revoke', ...IDENTITY, '--dry-run', ...service.at);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^dry run:\nRevokes entra 7c9a: 3 credentials and 2 connections\./);
    expect(service.asked).toHaveLength(1);
  });

  test('needs --yes if stdin is not a terminal', async () => {
    await using service = await start();
    const { exitCode, err } = await natsStsWithStdin('y\n', 'revoke', ...IDENTITY, ...service.at);
    expect(exitCode).toBe(2);
    expect(err).toContain('stdin is not a terminal: nothing was changed. Use --yes to go ahead.');
    expect(service.asked).toHaveLength(1);
  });

  test.each<[string[], object]>([
    [['--nkey', 'UABC'], { nkey: 'UABC' }],
    [['--role', 'orders'], { role: 'orders' }],
    [['--binding', 'deploy jobs'], { binding: 'deploy jobs' }],
  ])('of %o asks for that and nothing else', async (target, expected) => {
    await using service = await start();
    const args = ['revoke', ...target, '--reason', 'r', '--yes', '--json', ...service.at];
    const { out } = await natsSts(...args);
    expect(JSON.parse(out)).toMatchObject({ id: 'k3Zt0QpX', target: expected });
    expect(service.asked.map(({ body }) => body)).toEqual([
      { ...expected, reason: 'r', block: false, dry_run: false },
    ]);
  });

  test.each([
    ['nobody', [], 'no target given. Give'],
    ['half an identity', ['--issuer', 'entra'], 'together'],
    ['half an identity', ['--subject', '7c9a'], 'together'],
    ['two targets', ['--role', 'a', '--binding', 'b'], 'cannot be used with'],
    ['two targets', ['--nkey', 'U', '--subject', 's'], 'cannot be used with'],
  ])('of %s is wrong usage', async (_, target, message) => {
    await using service = await start();
    const args = ['revoke', ...target, '--reason', 'r', '--yes', ...service.at];
    const { exitCode, err } = await natsSts(...args);
    expect(exitCode).toBe(2);
    expect(err).toContain(message);
    expect(service.asked).toEqual([]);
  });

  test('needs a reason', async () => {
    const { exitCode, err } = await natsSts('revoke', '--role', 'orders', '--yes');
    expect(exitCode).toBe(2);
    expect(err).toContain('--reason');
  });

  test.each<[number, number, string, string]>([
    [
      5,
      2,
      '3 credentials',
      '2 more are from external accounts: NATS accepts them until they expire.',
    ],
    [2, 1, '1 credential', '1 more is from an external account: NATS accepts it until it expires.'],
    [4, 4, '0 credentials', '4 are from external accounts: NATS accepts them until they expire.'],
  ])(
    'of %i credentials, %i of external accounts, tells who stays',
    async (credentials, left, cut, stays) => {
      await using service = await start((asked) => {
        const [status, said] = revoke(asked);
        return [status, { ...said, credentials, credentials_not_cut: left }];
      });
      const dry = await natsSts('revoke', ...IDENTITY, '--dry-run', ...service.at);
      expect(dry.out).toContain(`${cut} and 2 connections.\n${stays}\n`);
      const done = await natsSts('revoke', ...IDENTITY, '--yes', ...service.at);
      expect(done.out).toContain(`${cut} and 2 connections\n${stays}\n`);
    },
  );

  test('says so if the service cannot count connections', async () => {
    await using service = await start((asked) => {
      const [status, said] = revoke(asked);
      return [status, { ...said, sessions: null }];
    });
    const { out } = await natsSts('revoke', ...IDENTITY, '--dry-run', ...service.at);
    expect(out).toContain('3 credentials (number of connections unknown).');
  });

  test('shows untrusted text without obeying it', async () => {
    await using service = await start();
    const args = ['--issuer', 'entra', '--subject', 'x\u001b[2J', '--reason', 'r', '--yes'];
    const { out } = await natsSts('revoke', ...args, ...service.at);
    expect(out).toContain(String.raw`revoked entra x\u001b[2J: `);
  });
});

describe('revocations list', () => {
  const revocation = {
    id: 'k3Zt0QpX',
    target: { issuer: 'entra', subject: '7c9a' },
    reason: 'left the company',
    block: true,
    at: NOW,
    until: NOW + 900,
    by: { issuer: 'entra', subject: 'admin' },
    credentials: 3,
  };

  test('shows the target, since when, until when, by whom and why', async () => {
    const both = [revocation, { ...revocation, id: 'other', target: { role: 'r' }, block: false }];
    await using service = await startAdminService({
      'GET /admin/revocations': () => [200, { revocations: both }],
    });
    const { out } = await natsSts('revocations', 'list', ...service.at);
    expect(out).toMatch(/^ID +WHO +SINCE +UNTIL +REVOKED +BY +REASON\n/);
    expect(out).toMatch(
      /\nk3Zt0QpX +entra 7c9a +2026-11-0\d \S+ +lifted +3 +entra admin +left the company\n/,
    );
    expect(out).toMatch(/\nother +role r +\S+ \S+ +(?:in )?\d+\w(?: ago)? +3 /);
  });

  test('is JSON with --json', async () => {
    await using service = await startAdminService({
      'GET /admin/revocations': () => [200, { revocations: [revocation] }],
    });
    const { out } = await natsSts('revocations', 'list', '--json', ...service.at);
    expect(JSON.parse(out)).toEqual({ revocations: [revocation] });
  });

  test('says so when there is none', async () => {
    await using service = await startAdminService({
      'GET /admin/revocations': () => [200, { revocations: [] }],
    });
    const ran = await natsSts('revocations', 'list', ...service.at);
    expect(ran).toEqual({ exitCode: 0, out: '', err: 'no revocations in force\n' });
  });
});

describe('revocations lift', () => {
  test('lifts a revocation by its ID, whatever characters it has', async () => {
    await using service = await startAdminService({
      'DELETE /admin/revocations/a%2Fb': () => [204],
    });
    const ran = await natsSts('revocations', 'lift', 'a/b', ...service.at);
    expect(ran).toEqual({ exitCode: 0, out: 'lifted a/b\n', err: '' });
  });

  test('fails with the message of the service if there is no such revocation', async () => {
    await using service = await startAdminService({});
    const { exitCode, err } = await natsSts('revocations', 'lift', 'nope', ...service.at);
    expect(exitCode).toBe(1);
    expect(err).toBe('nats-sts: not_found: There is nothing here.\n');
  });
});
