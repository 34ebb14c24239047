import type { Assessment } from '../account/assess.ts';
import type { AuditLog } from '../audit/log.ts';
import type { Clock } from '../clock.ts';
import type { Ring } from '../keyring/ring.ts';
import type { Log } from '../log.ts';
import type { Reporter } from '../rotator/reporter.ts';
import type { RotationMetrics } from './rotation-metrics.ts';

/** Tells log, metrics and audit what the rotator sees and does; the same trouble once, not at every look. */
export function rotationReporter({
  log,
  audit,
  metrics,
  clock,
}: {
  readonly log: Log;
  readonly audit: AuditLog;
  readonly metrics: RotationMetrics;
  readonly clock: Clock;
}): Reporter {
  const troubles = new Map<string, string>();
  const dried = new Set<string>();
  let leading: boolean | undefined;
  let storeTrouble: string | undefined;

  function trouble(account: string, problems: readonly string[]): void {
    const now = problems.join('; ');
    metrics.problems(account, now !== '');
    if ((troubles.get(account) ?? '') === now) return;
    troubles.set(account, now);
    if (now === '') log.info({ account }, 'signing keys can be rotated again');
    else
      log.error(
        { account, problems },
        'SIGNING KEYS CAN NOT BE ROTATED; the active ones go on signing',
      );
  }

  /** External accounts, once: nothing is left to change to. */
  function dry(account: string, { kind, keys }: Ring): void {
    const isDry =
      kind === 'external' && keys.length > 0 && !keys.some(({ state }) => state === 'staged');
    if (isDry && !dried.has(account)) {
      log.warn(
        { account },
        'no given signing key is left to rotate to: nats-sts keys list prints how to add the next ones',
      );
    }
    if (isDry) dried.add(account);
    else dried.delete(account);
  }

  return {
    saw({ name }, ring, assessment) {
      trouble(name, [...assessment.problems, ...notListed(ring, assessment)]);
      dry(name, ring);
    },
    async changed(change) {
      const { account, slot, publicKey, from, to, reason } = change;
      await audit.record({ type: 'key', ...change });
      log.info({ account, slot, publicKey, from, to, reason }, `signing key is ${to}`);
    },
    pushed({ name }, { push }, jwtBytes) {
      metrics.jwtBytes(name, jwtBytes);
      log.info({ account: name, why: push?.why, bytes: jwtBytes }, 'account JWT pushed');
    },
    confirmed({ name }, milliseconds) {
      metrics.confirmed(milliseconds);
      log.info(
        { account: name, milliseconds: Math.round(milliseconds) },
        'every server has applied the account JWT',
      );
    },
    async drifted({ name }, ring, { lost, base }, mended) {
      metrics.drifted(name);
      await audit.record({
        type: 'drift',
        time: clock.now(),
        account: name,
        lostKeys: lost,
        lostRevocations: missing(ring, base),
        mended,
      });
      log.warn(
        { account: name, lostKeys: lost },
        'SOMEBODY ELSE PUSHED AN ACCOUNT JWT WITHOUT OUR ENTRIES; they were put back',
      );
    },
    failed({ name }, error) {
      trouble(name, [error instanceof Error ? error.message : String(error)]);
    },
    succeeded({ name }) {
      metrics.succeeded(name);
    },
    leads(leader, error) {
      metrics.leads(leader);
      const why = error === undefined ? undefined : (error as Error).message;
      if (why !== storeTrouble && why !== undefined)
        log.error({ why }, 'the store can not tell who rotates');
      storeTrouble = why;
      if (leader === leading) return;
      leading = leader;
      log.info(
        {},
        leader
          ? 'this process rotates the signing keys'
          : 'another process rotates the signing keys',
      );
    },
  };
}

/** Keys that are given to sign and that the account doesn't have as they were given. */
function notListed({ kind, keys }: Ring, { unusable }: Assessment): string[] {
  if (kind === 'managed') return [];
  return keys
    .filter(({ state, publicKey }) => state === 'active' && unusable.has(publicKey))
    .map(({ publicKey }) => `signing key ${publicKey}: ${unusable.get(publicKey)}`);
}

/** How many of our revoked users an account JWT does not have. */
function missing({ revoked }: Ring, base: Assessment['base']): number {
  const listed = base?.nats.revocations ?? {};
  return Object.entries(revoked).filter(([user, { gone }]) => !gone && !(user in listed)).length;
}
