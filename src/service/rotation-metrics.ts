import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type Clock, unixSeconds } from '../clock.ts';
import type { Ring } from '../keyring/ring.ts';
import { type Plan, REVOKED_BYTES } from '../revocation/plan.ts';
import type { Revocation } from '../revocation/revocation.ts';
import type { Foundation } from './foundation.ts';

/** What the metrics of rotation are read from when they are asked for. */
export interface RotationSources {
  readonly clock: Clock;
  /** Rings of the configuration in force. */
  readonly rings: () => readonly Ring[];
  readonly storeFreshAt: () => number;
  readonly revocations: () => ReadonlyMap<string, Revocation>;
}

/** `ringed`: accounts of the configuration in force whose keys are in rings. */
export function rotationSources(
  { clock, rings, state, revocations }: Foundation,
  ringed: () => readonly { readonly name: string }[],
): RotationSources {
  return {
    clock,
    rings: () => ringed().flatMap(({ name }) => rings.ring(name) ?? []),
    storeFreshAt: () => state.freshAt(),
    revocations: () => revocations.index.byId,
  };
}

/** What the rotator of this process does. */
export interface RotationMetrics {
  leads(leader: boolean): void;
  succeeded(account: string): void;
  problems(account: string, any: boolean): void;
  confirmed(milliseconds: number): void;
  drifted(account: string): void;
  jwtBytes(account: string, bytes: number): void;
  planned(account: string, plan: Plan): void;
}

const SIGNING_STATES = new Set(['staged', 'active', 'draining']);

export function rotationMetrics(registry: Registry, sources: RotationSources): RotationMetrics {
  const registers = [registry];
  const { clock } = sources;
  stateGauges(registers, sources);
  const leader = new Gauge({
    name: 'nats_sts_rotator_leader',
    help: '1 when this process holds the lease to rotate',
    registers,
  });
  const success = new Gauge({
    name: 'nats_sts_rotator_last_success_timestamp_seconds',
    help: 'When the rotator last looked at all servers of an account and had nothing left to do',
    labelNames: ['account'],
    registers,
  });
  const problem = new Gauge({
    name: 'nats_sts_rotator_problems',
    help: '1 when something keeps the account from being rotated; the log says what',
    labelNames: ['account'],
    registers,
  });
  const confirm = new Histogram({
    name: 'nats_sts_key_confirm_duration_seconds',
    help: 'Time from a push of an account JWT until every server was seen to have applied it',
    // Servers that were away catch up at their resolver's next synchronisation, minutes later.
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300],
    registers,
  });
  const drift = new Counter({
    name: 'nats_sts_account_drift_mended_total',
    help: "Times that somebody else's account JWT had dropped our entries, and they were put back",
    labelNames: ['account'],
    registers,
  });
  const bytes = new Gauge({
    name: 'nats_sts_account_jwt_bytes',
    help: 'Length of the account JWT as last pushed; servers take 1 MB',
    labelNames: ['account'],
    registers,
  });
  const revokedBytes = new Gauge({
    name: 'nats_sts_revoked_users_budget_ratio',
    help: 'How much of its room in the account JWT the revoked users take; above 1 signing keys are revoked instead',
    labelNames: ['account'],
    registers,
  });
  return {
    leads: (leads) => leader.set(leads ? 1 : 0),
    succeeded: (account) => success.set({ account }, unixSeconds(clock)),
    problems: (account, any) => problem.set({ account }, any ? 1 : 0),
    confirmed: (milliseconds) => confirm.observe(milliseconds / 1000),
    drifted: (account) => drift.inc({ account }),
    planned: (account, plan) => revokedBytes.set({ account }, plan.bytes / REVOKED_BYTES),
    jwtBytes: (account, length) => bytes.set({ account }, length),
  };
}

/** Everything that the store tells, whoever rotates. */
function stateGauges(
  registers: Registry[],
  { clock, rings, storeFreshAt, revocations }: RotationSources,
): void {
  const keyLabels = ['account', 'slot', 'key', 'state'];
  new Gauge({
    name: 'nats_sts_signing_key_state',
    help: '1 for the state that each signing key is in',
    labelNames: keyLabels,
    registers,
    collect() {
      this.reset();
      for (const { account, key } of keysOf(rings())) this.set(labels(account, key), 1);
    },
  });
  new Gauge({
    name: 'nats_sts_signing_key_age_seconds',
    help: 'How long each signing key has been in its state',
    labelNames: keyLabels,
    registers,
    collect() {
      this.reset();
      for (const { account, key } of keysOf(rings())) {
        const since = key.drainingAt ?? key.activeAt ?? key.stagedAt;
        this.set(labels(account, key), (clock.now() - since) / 1000);
      }
    },
  });
  new Gauge({
    name: 'nats_sts_signing_keys_left',
    help: 'External accounts: given signing keys that were not used yet',
    labelNames: ['account'],
    registers,
    collect() {
      this.reset();
      for (const { kind, account, keys } of rings()) {
        if (kind !== 'external') continue;
        this.set({ account }, keys.filter(({ state }) => state === 'staged').length);
      }
    },
  });
  new Gauge({
    name: 'nats_sts_store_fresh_timestamp_seconds',
    help: 'Everything that was written to the store before then is known to this process',
    registers,
    collect() {
      this.set(storeFreshAt() / 1000);
    },
  });
  new Gauge({
    name: 'nats_sts_revoked_users',
    help: 'Users that the account JWT revokes on our behalf',
    labelNames: ['account'],
    registers,
    collect() {
      this.reset();
      for (const { account, revoked } of rings()) {
        this.set({ account }, Object.values(revoked).filter(({ gone }) => !gone).length);
      }
    },
  });
  new Gauge({
    name: 'nats_sts_revocations',
    help: 'Revocations in force, by what they are about',
    labelNames: ['kind', 'block'],
    registers,
    collect() {
      this.reset();
      for (const { target, block } of revocations().values()) {
        this.inc({ kind: kindOf(target), block: String(block) });
      }
    },
  });
}

function keysOf(rings: readonly Ring[]) {
  return rings.flatMap(({ account, keys }) =>
    keys.filter(({ state }) => SIGNING_STATES.has(state)).map((key) => ({ account, key })),
  );
}

function labels(account: string, { slot, publicKey, state }: Ring['keys'][number]) {
  return { account, slot, key: publicKey, state };
}

function kindOf(target: Revocation['target']): string {
  if ('nkey' in target) return 'nkey';
  if ('role' in target) return 'role';
  return 'binding' in target ? 'binding' : 'identity';
}
