import type { RevokeKeyAnswer } from '../../admin-api/keys.ts';
import { audited, origin, record } from '../../audit/record.ts';
import type { Refusal } from '../../errors.ts';
import type { AdminCaller, RevokeKeyAsk } from '../../http/admin/actions.ts';
import { revokeKey } from '../../keyring/changes.ts';
import { type Ring, ringText } from '../../keyring/ring.ts';
import { atAdmin } from './access.ts';
import { livingCredentials } from './credentials.ts';
import { type AdminDeps, ATTEMPTS, BUSY, notFound, readRings, type StoredRing } from './deps.ts';

/** For emergencies: removes the key from its ring at once. The rotator then removes it from the account JWT. */
export async function revokeKeyOf(
  deps: AdminDeps,
  { publicKey, reason }: RevokeKeyAsk,
  caller: AdminCaller,
): Promise<RevokeKeyAnswer | Refusal> {
  const found = await find(deps, publicKey);
  if (!found) return notFound('There is no signing key in use with this public key.');
  const { account, kind } = found.ring;
  const slot = found.ring.keys.find((key) => key.publicKey === publicKey)?.slot ?? '';
  const refusal = await record(deps.audit, {
    type: 'admin',
    ...origin(deps.clock, atAdmin(caller)),
    identity: audited(caller.identity),
    action: 'revoke-key',
    account,
    slot,
    publicKey,
    reason,
  });
  if (refusal) return refusal;
  if (!(await write(deps, publicKey))) return BUSY;
  // Only its operator can change the JWT of an external account: until then nobody is disconnected.
  const revoked = kind === 'managed' ? await countAlive(deps, found.ring, publicKey) : 0;
  return { public_key: publicKey, account, kind, slot, credentials_cut: revoked };
}

/** The ring that has the key, if the key is still in use. */
async function find({ state }: AdminDeps, publicKey: string): Promise<StoredRing | undefined> {
  return (await readRings(state)).find(({ ring }) =>
    ring.keys.some((key) => key.publicKey === publicKey && key.state !== 'retired'),
  );
}

/** True once the key is removed, even if another process did it. */
async function write(deps: AdminDeps, publicKey: string): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const stored = await find(deps, publicKey);
    const next = stored && revokeKey(stored.ring, publicKey, deps.clock.now());
    if (!stored || !next) return true;
    if (await deps.state.write(stored.key, ringText(next), stored.revision)) return true;
  }
  return false;
}

/** Counts by the ring from before, so credentials that were already revoked do not count. */
async function countAlive({ ledger }: AdminDeps, ring: Ring, signingKey: string): Promise<number> {
  let count = 0;
  for await (const _ of livingCredentials(ledger, [ring], { signingKey })) count += 1;
  return count;
}
