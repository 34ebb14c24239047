import type { UserPublicKey } from '../../nats/nkeys.ts';
import type { Ending } from './records.ts';
import type { HandoverAsk } from '../handovers.ts';
import { hashOfSecret } from './secrets.ts';

/** Time to find another device, sign in and type. */
export const DEVICE_LIVES_SECONDS = 600;

/** A device that waits, under the hash of its user code. */
export interface DeviceRecord extends Ending {
  readonly state: 'waiting' | 'agreed' | 'refused';
  /** The other half of the device code, hashed. */
  readonly secretHash: string;
  readonly program: string;
  readonly userPublicKey: UserPublicKey;
  /** The role that the device asked for, then the one that the person chose. */
  readonly role?: string;
  readonly ttlSeconds?: number;
  readonly address: string;
  /** Unix seconds. */
  readonly begunAt: number;
  /** The sealed session of the person who agreed. */
  readonly session?: string;
}

/** `secret`: the other half of the device code. `now` in Unix seconds. */
export function newDevice(
  { program, userPublicKey, role, ttlSeconds }: HandoverAsk,
  {
    secret,
    address,
    network,
    now,
  }: { secret: string; address: string; network: string; now: number },
): DeviceRecord {
  return {
    state: 'waiting',
    secretHash: hashOfSecret(secret),
    program,
    userPublicKey,
    ...(role !== undefined && { role }),
    ...(ttlSeconds !== undefined && { ttlSeconds }),
    address,
    network,
    begunAt: now,
    expiresAt: now + DEVICE_LIVES_SECONDS,
  };
}
