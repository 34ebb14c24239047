import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type Clock, unixSeconds } from '../../clock.ts';
import type { Ring } from '../../keyring/ring.ts';
import type { Plan } from '../../revocation/plan.ts';
import type { RotatedAccount } from '../../rotator/rotated-account.ts';

export interface RotatorSources {
  readonly clock: Clock;
  /** Of the configuration in force. */
  readonly accounts: () => readonly RotatedAccount[];
}

/** What a rotator of this process reports. */
export interface RotationMetrics {
  leads(leader: boolean): void;
  succeeded(account: string): void;
  problems(account: string, any: boolean): void;
  confirmed(milliseconds: number): void;
  drifted(account: string): void;
  jwtBytes(account: string, bytes: number): void;
  planned(account: string, plan: Plan): void;
}

/** Managed and external accounts each have a rotator with its own lease. */
type Kind = Ring['kind'];
export type RotatorMetrics = (kind: Kind) => RotationMetrics;

/** Figures that only the leading process knows. */
interface Figures {
  /** Unix seconds. */
  success?: number;
  problems?: 0 | 1;
  jwtBytes?: number;
  budget?: number;
}

/** What a rotator has reported about its accounts, by name; empty while another process leads. */
interface Reported {
  leads: boolean;
  readonly accounts: Map<string, Figures>;
}

export function rotatorMetrics(
  registers: Registry[],
  { clock, accounts }: RotatorSources,
): RotatorMetrics {
  const reported = new Map<Kind, Reported>();
  figureGauges(registers, () =>
    accounts().map(({ name, kind }) => [name, reported.get(kind)?.accounts.get(name)]),
  );
  new Gauge({
    name: 'nats_sts_rotator_leader',
    help: '1 when this process holds the lease to rotate accounts of this kind',
    labelNames: ['kind'],
    registers,
    collect() {
      this.reset();
      const kinds = new Set(accounts().map(({ kind }) => kind));
      for (const [kind, { leads }] of reported)
        if (kinds.has(kind)) this.set({ kind }, leads ? 1 : 0);
    },
  });
  const confirm = new Histogram({
    name: 'nats_sts_key_confirm_duration_seconds',
    help: 'Time from the push of an account JWT until every server has applied it',
    // Servers that were away catch up at the next synchronization of their resolver, minutes later.
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300],
    registers,
  });
  const drift = new Counter({
    name: 'nats_sts_account_drift_mended_total',
    help: "Times that someone else's push dropped the entries of nats-sts from an account JWT and the rotator restored them",
    labelNames: ['account'],
    registers,
  });

  return (kind) => {
    const report = (account: string, figures: Figures): void => {
      const known = reported.get(kind);
      // Ignore a pass that ends after the lease was lost.
      if (known?.leads) known.accounts.set(account, { ...known.accounts.get(account), ...figures });
    };
    return {
      leads(leads) {
        const known = reported.get(kind);
        reported.set(kind, { leads, accounts: (leads && known?.accounts) || new Map() });
      },
      succeeded: (account) => report(account, { success: unixSeconds(clock) }),
      problems: (account, any) => report(account, { problems: any ? 1 : 0 }),
      jwtBytes: (account, jwtBytes) => report(account, { jwtBytes }),
      // If there is no room at all, one user is too many.
      planned: (account, { bytes, budgetBytes }) =>
        report(account, { budget: bytes / Math.max(1, budgetBytes) }),
      confirmed: (milliseconds) => confirm.observe(milliseconds / 1000),
      drifted: (account) => drift.inc({ account }),
    };
  };
}

/** Gauges of the accounts that this process rotates; accounts that it no longer rotates are absent. */
function figureGauges(
  registers: Registry[],
  figures: () => Iterable<readonly [account: string, Figures | undefined]>,
): void {
  const gauge = (figure: keyof Figures, name: string, help: string): void => {
    new Gauge({
      name,
      help,
      labelNames: ['account'],
      registers,
      collect() {
        this.reset();
        for (const [account, known] of figures()) {
          const value = known?.[figure];
          if (value !== undefined) this.set({ account }, value);
        }
      },
    });
  };
  gauge(
    'success',
    'nats_sts_rotator_last_success_timestamp_seconds',
    'When the rotator last checked all servers of an account and had nothing left to do',
  );
  gauge(
    'problems',
    'nats_sts_rotator_problems',
    '1 when a problem keeps the account from being rotated; the log says which',
  );
  gauge(
    'jwtBytes',
    'nats_sts_account_jwt_bytes',
    'Size of the account JWT last pushed; servers accept up to 1 MiB',
  );
  gauge(
    'budget',
    'nats_sts_revoked_users_budget_ratio',
    'Share of the space for revoked users in the account JWT that is in use; above 1, signing keys are revoked instead',
  );
}
