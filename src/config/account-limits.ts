import type { JetStreamLimits, ManagedLimits } from '../nats/account-claims.ts';
import type { AccountJetStreamSettings, AccountLimitsSettings } from './schema/account-limits.ts';

/** Setting → its name in account JWTs. */
const LIMITS = {
  conn: 'conn',
  leaf: 'leaf',
  subs: 'subs',
  payload: 'payload',
  data: 'data',
  imports: 'imports',
  exports: 'exports',
  wildcards: 'wildcards',
  disallowBearer: 'disallow_bearer',
} as const satisfies Record<keyof AccountLimitsSettings, keyof ManagedLimits>;

const JETSTREAM = {
  memory: 'mem_storage',
  disk: 'disk_storage',
  streams: 'streams',
  consumers: 'consumer',
  maxAckPending: 'max_ack_pending',
  memoryMaxStreamBytes: 'mem_max_stream_bytes',
  diskMaxStreamBytes: 'disk_max_stream_bytes',
  maxBytesRequired: 'max_bytes_required',
} as const satisfies Record<
  Exclude<keyof AccountJetStreamSettings, 'tiers'>,
  keyof JetStreamLimits
>;

/** The configured limits of an account, by their names in account JWTs. Undefined if there are none. */
export function managedLimits(
  limits: AccountLimitsSettings | undefined,
  jetstream: AccountJetStreamSettings | undefined,
): ManagedLimits | undefined {
  const { tiers, ...flat } = jetstream ?? {};
  const managed: ManagedLimits = {
    ...renamed(limits ?? {}, LIMITS),
    ...renamed(flat, JETSTREAM),
    ...(tiers && {
      tiered_limits: Object.fromEntries(
        Object.entries(tiers).map(([tier, of]) => [tier, renamed(of, JETSTREAM)]),
      ),
    }),
  };
  return Object.keys(managed).length === 0 ? undefined : managed;
}

function renamed(settings: object, names: Readonly<Record<string, string>>): object {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([setting, value]) => {
      const name = names[setting];
      return name === undefined || value === undefined ? [] : [[name, value]];
    }),
  );
}
