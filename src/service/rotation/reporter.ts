import type { Assessment } from '../../account/assess.ts';
import type { AuditLog } from '../../audit/log.ts';
import type { Clock } from '../../clock.ts';
import type { Ring } from '../../keyring/ring.ts';
import type { Wanted } from '../../keyring/step-input.ts';
import type { Log } from '../../log.ts';
import type { Reporter } from '../../rotator/reporter.ts';
import type { RotatedAccount } from '../../rotator/rotated-account.ts';
import { admissionReporter } from './admission-reporter.ts';
import { keysLeft, rotatesThroughGiven } from './ring-facts.ts';
import type { RotationMetrics } from '../metrics/rotation-metrics.ts';

/** Reports what the rotator sees and does to log, metrics and audit log; the same problem only once. */
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
  const silent = new Map<string, string>();
  /** Account → what the current pass has found so far. */
  const looked = new Map<string, Findings>();
  const usedUp = new Set<string>();
  const admissions = admissionReporter({ log, clock });
  let leading: boolean | undefined;
  let storeTrouble: string | undefined;
  let hopeless = false;

  function reportProblems(account: string, problems: readonly string[]): void {
    if (!isNews(troubles, account, problems)) return;
    if (problems.length === 0) log.info({ account }, 'signing keys can be rotated again');
    else
      log.error({ account, problems }, 'cannot rotate signing keys; the active ones keep signing');
  }

  /** A pass ended with these findings. */
  function conclude(name: string, { problems, silent }: Findings): void {
    looked.delete(name);
    metrics.problems(name, problems.length + silent.length > 0);
    reportProblems(name, problems);
  }

  /** External accounts: keys that should sign but must not. */
  function reportUnlisted(account: string, keys: readonly string[]): void {
    if (!isNews(silent, account, keys)) return;
    if (keys.length === 0)
      log.info({ account }, 'the account lists its signing keys as configured again');
    else
      log.error(
        { account, keys },
        'the account does not list these signing keys as configured; they do not sign',
      );
  }

  /** External accounts: logs once that no unused keys remain. */
  function reportUsedUp({ name, wanted }: RotatedAccount, ring: Ring): void {
    for (const { slot } of wanted.slots) {
      const place = `${name} ${slot}`;
      if (!rotatesThroughGiven(wanted) || !ring.keys.length || keysLeft(ring, slot) > 0) {
        usedUp.delete(place);
        continue;
      }
      if (usedUp.has(place)) continue;
      usedUp.add(place);
      log.warn(
        { account: name, slot },
        'no unused signing keys remain; nats-sts keys list prints how to add more',
      );
    }
  }

  return {
    saw(account, ring, assessment) {
      const { name, wanted } = account;
      const keys = silentKeys(ring, assessment, wanted);
      // A new pass begins, so the previous one did not fail.
      const before = looked.get(name);
      if (before) conclude(name, before);
      looked.set(name, { problems: assessment.problems, silent: keys });
      reportUnlisted(name, keys);
      admissions(account, assessment);
      reportUsedUp(account, ring);
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
    async drifted({ name }, ring, { lost, base, limitsChanged }, mended) {
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
        { account: name, lostKeys: lost, ...(limitsChanged && { limits: 'changed' }) },
        mended
          ? 'someone else pushed an account JWT without the entries of nats-sts; they were restored'
          : 'someone else pushed an account JWT without the entries of nats-sts; not every server has them again yet',
      );
    },
    failed({ name }, error) {
      const { problems, silent } = looked.get(name) ?? NOTHING_FOUND;
      const why = error instanceof Error ? error.message : String(error);
      conclude(name, { problems: [...problems, why], silent });
    },
    succeeded({ name }) {
      conclude(name, looked.get(name) ?? NOTHING_FOUND);
      metrics.succeeded(name);
      hopeless = false;
    },
    leads(leader, error) {
      metrics.leads(leader);
      const why = error === undefined ? undefined : (error as Error).message;
      if (why !== storeTrouble && why !== undefined)
        log.error({ why }, 'cannot read from the store which process rotates');
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
    // This process's figures count until another one leads.
    gaveUp() {
      if (hopeless) return;
      hopeless = true;
      log.warn({}, 'this process cannot rotate any account and lets others try');
    },
  };
}

interface Findings {
  readonly problems: readonly string[];
  /** External accounts: keys that should sign but must not. */
  readonly silent: readonly string[];
}

const NOTHING_FOUND: Findings = { problems: [], silent: [] };

/** Whether the text differs from the last one of this account; remembers it. */
function isNews(said: Map<string, string>, account: string, lines: readonly string[]): boolean {
  const text = lines.toSorted().join('; ');
  if ((said.get(account) ?? '') === text) return false;
  said.set(account, text);
  return true;
}

/** Given keys of slots for which no key signs or is about to sign, each with the reason. */
function silentKeys({ keys }: Ring, { unusable, confirmed }: Assessment, wanted: Wanted): string[] {
  if (!wanted.given) return [];
  return wanted.slots.flatMap(({ slot }) => {
    const here = keys.filter(
      (key) => key.slot === slot && (key.state === 'active' || key.state === 'staged'),
    );
    if (here.some(({ publicKey }) => confirmed.has(publicKey))) return [];
    return here.flatMap(({ publicKey }) => {
      const why = unusable.get(publicKey);
      return why === undefined ? [] : [`${publicKey}: ${why}`];
    });
  });
}

/** How many of our revoked users are missing in an account JWT. */
function missing({ revoked }: Ring, base: Assessment['base']): number {
  const listed = base?.nats.revocations ?? {};
  return Object.entries(revoked).filter(([user, { gone }]) => !gone && !(user in listed)).length;
}
