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
      const event = living({ actor: { ...identity, issuerName: 'ci', subject: 'bot' } });
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

    test('tells what was recorded since a moment', async () => {
      await using world = await createWorld();
      const before = living({ time: Date.now() });
      await world.issue([before]);
      await new Promise((resolve) => setTimeout(resolve, 50));
      const recordedSince = Date.now() - 20;
      const after = living({ time: Date.now() });
      await world.issue([after]);
      expect(await list(world.ledger, { recordedSince })).toEqual([credentialOf(after)]);
      expect(await list(world.ledger, { recordedSince: Date.now() + 60_000 })).toEqual([]);
      expect(await list(world.ledger, { recordedSince: 0 })).toHaveLength(2);
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
