import { describe, expect, test } from 'vitest';
import type { IssuedEvent } from '../../src/audit/event.ts';
import { credentialOf } from '../../src/revocation/issued-credential.ts';
import type {
  CredentialLedger,
  IssuedCredential,
  LedgerFilter,
} from '../../src/revocation/ledger.ts';
import { identity, issued } from '../audit/events.ts';

export interface LedgerWorld extends AsyncDisposable {
  readonly ledger: CredentialLedger;
  /** Has these credentials issued, in this order. */
  issue(events: readonly IssuedEvent[]): Promise<void>;
}

/** Unix seconds. The engine's own clock decides when an entry ends, so it is the real time. */
export const seconds = (): number => Math.floor(Date.now() / 1000);

let users = 0;

/** Another user's credential, alive unless told. */
export function living(more: Partial<IssuedEvent> = {}): IssuedEvent {
  return issued({
    time: Date.now(),
    user: `U${String((users += 1)).padStart(55, 'A')}`.replaceAll(/[^A-Z]/g, (digit) =>
      String.fromCodePoint(65 + Number(digit)),
    ),
    tokenIssuedAt: seconds() - 5,
    expiresAt: seconds() + 900,
    ...more,
  });
}

export async function list(
  ledger: CredentialLedger,
  filter: LedgerFilter = {},
): Promise<IssuedCredential[]> {
  const found: IssuedCredential[] = [];
  for await (const credential of ledger.alive(filter)) found.push(credential);
  return found;
}

/** What every adapter of `CredentialLedger` keeps. */
export function ledgerContract(name: string, createWorld: () => Promise<LedgerWorld>): void {
  describe(`the credential ledger in ${name}`, () => {
    test('gives back what revoking needs, of subject and actor', async () => {
      await using world = await createWorld();
      const event = living({
        actor: { ...identity, issuerName: 'ci', subject: 'bot' },
        actorBinding: 'bots',
      });
      await world.issue([event]);
      expect(await list(world.ledger)).toEqual([
        {
          user: event.user,
          account: 'APP',
          role: 'orders-publisher',
          binding: 'deploy jobs of acme',
          issuerName: 'github',
          subject: identity.subject,
          actor: { issuerName: 'ci', subject: 'bot' },
          actorBinding: 'bots',
          signingKey: event.signingKey,
          tokenIssuedAt: event.tokenIssuedAt,
          issuedAt: Math.floor(event.time / 1000),
          expiresAt: event.expiresAt,
        },
      ]);
    });

    test('knows nothing of what has expired', async () => {
      await using world = await createWorld();
      const alive = living({ expiresAt: seconds() + 30 });
      await world.issue([living({ expiresAt: seconds() - 1 }), alive]);
      expect(await list(world.ledger)).toEqual([credentialOf(alive)]);
    });

    test('gives back more than it reads at once, oldest first, each once', async () => {
      await using world = await createWorld();
      const events = Array.from({ length: 1203 }, (_, n) => living({ role: `role-${n % 3}` }));
      await world.issue(events);
      expect(await list(world.ledger)).toEqual(events.map(credentialOf));
      expect(await list(world.ledger, { role: 'role-1' })).toHaveLength(401);
    });

    test('has every credential of a caller that keeps its own nkey', async () => {
      await using world = await createWorld();
      const first = living({ role: 'reader' });
      const second = living({ role: 'writer', user: first.user, expiresAt: seconds() + 60 });
      await world.issue([first, second]);
      expect(await list(world.ledger, { user: first.user })).toEqual(
        [first, second].map(credentialOf),
      );
      expect(await list(world.ledger, { role: 'reader' })).toEqual([credentialOf(first)]);
    });

    test('finds by every value, and by several only what has them all', async () => {
      await using world = await createWorld();
      const plain = living();
      const other = living({
        account: 'LAB',
        role: 'viewer',
        binding: 'people',
        signingKey: 'AOTHER',
        identity: { ...identity, issuerName: 'entra', subject: 'älice * >' },
      });
      await world.issue([plain, other]);
      const credential = credentialOf(other);
      const { user, account, role, binding, issuerName, subject, signingKey } = credential;
      const filters: LedgerFilter[] = [
        { user },
        { account },
        { role },
        { binding },
        { issuerName },
        { subject },
        { signingKey },
        { issuerName, subject },
        { issuerName, subject, user, role, binding, account, signingKey },
      ];
      for (const filter of filters) expect(await list(world.ledger, filter)).toEqual([credential]);
      const none: LedgerFilter[] = [
        { issuerName, subject: identity.subject },
        { role, account: 'APP' },
        { user: '*' },
        { user: '>' },
        { user: 'not an nkey' },
        { subject: '' },
      ];
      for (const filter of none) expect(await list(world.ledger, filter)).toEqual([]);
    });

    test('finds every credential of an identity, as subject or actor, each once', async () => {
      await using world = await createWorld();
      const bot = { ...identity, issuerName: 'ci', subject: 'b[o]t *?"' };
      const alice = { ...identity, issuerName: 'entra', subject: 'älice' };
      const own = living({ identity: bot });
      const acted = living({ identity: alice, actor: bot });
      const forItself = living({ identity: bot, actor: bot });
      await world.issue([
        own,
        living(),
        acted,
        forItself,
        living({ identity: { ...bot, issuerName: 'other' } }),
        living({ identity: alice, actor: { ...bot, subject: 'bot' } }),
        living({ claims: { subject: bot.subject, issuerName: bot.issuerName } }),
      ]);
      const party = { issuerName: bot.issuerName, subject: bot.subject };
      expect(await list(world.ledger, { party })).toEqual(
        [own, acted, forItself].map(credentialOf),
      );
      expect(await list(world.ledger, { party, account: 'LAB' })).toEqual([]);
      expect(await list(world.ledger, { ...party })).toEqual([own, forItself].map(credentialOf));
      expect(await list(world.ledger)).toHaveLength(7);
    });

    test('finds every credential that a binding allowed, for the caller or for others', async () => {
      await using world = await createWorld();
      const own = living({ binding: 'bots' });
      const acted = living({ actor: { ...identity, subject: 'bot' }, actorBinding: 'bots' });
      await world.issue([own, acted, living(), living({ claims: { binding: 'bots' } })]);
      expect(await list(world.ledger, { binding: 'bots' })).toEqual([own, acted].map(credentialOf));
    });

    test('tells what was recorded after a position', async () => {
      await using world = await createWorld();
      const empty = await world.ledger.latest();
      const before = living({ actor: { ...identity, subject: 'bot' } });
      await world.issue([before]);
      const position = await world.ledger.latest();
      expect(position).not.toBe(empty);
      expect(await list(world.ledger, { after: position })).toEqual([]);
      // Its time says nothing: it may come late.
      const after = living({ time: Date.now() - 30_000 });
      await world.issue([after]);
      expect(await list(world.ledger, { after: position })).toEqual([credentialOf(after)]);
      expect(await list(world.ledger, { after: position, role: 'other' })).toEqual([]);
      expect(await list(world.ledger, { after: empty })).toHaveLength(2);
      const end = await world.ledger.latest();
      expect(end).not.toBe(position);
      expect(await world.ledger.latest()).toBe(end);
    });

    test('can be left in the middle of a reading', async () => {
      await using world = await createWorld();
      await world.issue([living(), living()]);
      for await (const credential of world.ledger.alive({})) {
        expect(credential.account).toBe('APP');
        break;
      }
      expect(await list(world.ledger)).toHaveLength(2);
    });
  });
}
