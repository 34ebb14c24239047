import { Counter, Gauge, type Registry } from 'prom-client';
import type { Ring } from '../../keyring/ring.ts';
import { kindOf } from '../../revocation/revocation.ts';
import type { Revocations } from '../../revocation/revocations.ts';
import { keysLeft, rotatesThroughGiven, whyAccountRefused } from '../rotation/ring-facts.ts';
import type { Resources } from '../resources.ts';
import { type RotatorMetrics, rotatorMetrics, type RotatorSources } from './rotator-metrics.ts';

export type { RotationMetrics, RotatorMetrics } from './rotator-metrics.ts';

/** The sources from which the rotation metrics are read at each scrape. */
export interface RotationSources extends RotatorSources {
  readonly ring: (account: string) => Ring | undefined;
  readonly storeFreshAt: () => number;
  readonly revocations: Pick<Revocations, 'index' | 'made'>;
}

/** `accounts`: the accounts of the configuration in force whose keys are in rings. */
export function rotationSources(
  { clock, rings, state, revocations }: Resources,
  accounts: RotationSources['accounts'],
): RotationSources {
  return {
    clock,
    accounts,
    ring: (account) => rings.ring(account),
    storeFreshAt: () => state.freshAt(),
    revocations,
  };
}

/** All metrics of rotation and revocation. The rotator of each kind of account reports through the result. */
export function rotationMetrics(registry: Registry, sources: RotationSources): RotatorMetrics {
  const registers = [registry];
  keyGauges(registers, sources);
  accountGauges(registers, sources);
  revocationMetrics(registers, sources);
  new Gauge({
    name: 'nats_sts_store_fresh_timestamp_seconds',
    help: 'This process has read everything that was written to the store before this time',
    registers,
    collect() {
      this.set(sources.storeFreshAt() / 1000);
    },
  });
  return rotatorMetrics(registers, sources);
}

const SIGNING_STATES = new Set(['staged', 'active', 'draining']);

/** Metrics of keys, read from the store, whichever process rotates. */
function keyGauges(registers: Registry[], sources: RotationSources): void {
  const { clock } = sources;
  const keyLabels = ['account', 'slot', 'key', 'state'];
  new Gauge({
    name: 'nats_sts_signing_key_state',
    help: '1 for the state that each signing key is in',
    labelNames: keyLabels,
    registers,
    collect() {
      this.reset();
      for (const { account, key } of keysOf(ringsOf(sources))) this.set(labels(account, key), 1);
    },
  });
  new Gauge({
    name: 'nats_sts_signing_key_age_seconds',
    help: 'How long each signing key has been in its state',
    labelNames: keyLabels,
    registers,
    collect() {
      this.reset();
      for (const { account, key } of keysOf(ringsOf(sources))) {
        const since = key.drainingAt ?? key.activeAt ?? key.stagedAt;
        this.set(labels(account, key), (clock.now() - since) / 1000);
      }
    },
  });
  new Gauge({
    name: 'nats_sts_signing_keys_left',
    help: 'External accounts that rotate on a schedule: unused signing keys of the role that has the fewest',
    labelNames: ['account'],
    registers,
    collect() {
      this.reset();
      for (const { name, wanted } of sources.accounts()) {
        const ring = sources.ring(name);
        if (!ring || !rotatesThroughGiven(wanted)) continue;
        const left = wanted.slots.map(({ slot }) => keysLeft(ring, slot));
        this.set({ account: name }, Math.min(...left));
      }
    },
  });
}

/** Metrics of accounts, read from the store, whichever process rotates. */
function accountGauges(registers: Registry[], sources: RotationSources): void {
  const { accounts, ring, clock } = sources;
  new Gauge({
    name: 'nats_sts_account_accepts_connections',
    help: '1 while NATS accepts users of this account, as far as the rotator can tell; 0 when NATS refuses all users',
    labelNames: ['account'],
    registers,
    collect() {
      this.reset();
      for (const account of accounts()) {
        const seen = ring(account.name);
        const active = seen?.keys.filter(({ state }) => state === 'active') ?? [];
        const refused = whyAccountRefused(account, { ring: seen, clock }) !== undefined;
        if (!refused && active.length === 0) continue;
        const accepts = !refused && active.some(({ unlisted }) => !unlisted);
        this.set({ account: account.name }, accepts ? 1 : 0);
      }
    },
  });
  new Gauge({
    name: 'nats_sts_account_jwt_expiry_timestamp_seconds',
    help: 'When the account JWT expires, after which NATS refuses all users of the account; absent if it does not expire',
    labelNames: ['account'],
    registers,
    collect() {
      this.reset();
      for (const { account, admission } of ringsOf(sources)) {
        if (admission?.expiresAt !== undefined) this.set({ account }, admission.expiresAt);
      }
    },
  });
}

function revocationMetrics(registers: Registry[], sources: RotationSources): void {
  const { index, made } = sources.revocations;
  new Gauge({
    name: 'nats_sts_revoked_users',
    help: 'Users that the account JWT revokes for nats-sts',
    labelNames: ['account'],
    registers,
    collect() {
      this.reset();
      for (const { account, revoked } of ringsOf(sources)) {
        this.set({ account }, Object.values(revoked).filter(({ gone }) => !gone).length);
      }
    },
  });
  new Gauge({
    name: 'nats_sts_revocations',
    help: 'Revocations in force, by kind of target',
    labelNames: ['kind', 'block'],
    registers,
    collect() {
      this.reset();
      for (const { target, block } of index.byId.values()) {
        this.inc({ kind: kindOf(target), block: String(block) });
      }
    },
  });
  new Counter({
    name: 'nats_sts_revocations_total',
    help: 'Revocations that this process has seen, by kind of target; all processes of one store see the same ones',
    labelNames: ['kind'],
    registers,
    collect() {
      this.reset();
      for (const [kind, count] of Object.entries(made)) this.inc({ kind }, count);
    },
  });
}

function ringsOf({ accounts, ring }: RotationSources): Ring[] {
  return accounts().flatMap(({ name }) => ring(name) ?? []);
}

function keysOf(rings: readonly Ring[]) {
  return rings.flatMap(({ account, keys }) =>
    keys.filter(({ state }) => SIGNING_STATES.has(state)).map((key) => ({ account, key })),
  );
}

function labels(account: string, { slot, publicKey, state }: Ring['keys'][number]) {
  return { account, slot, key: publicKey, state };
}
