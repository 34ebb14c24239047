import { authorizationCodes } from './authorization-codes.ts';
import { deviceCodes } from './device-codes.ts';
import { type HandoverParts, orStoreUnavailable } from './answer-once.ts';
import type { Handovers } from '../handovers.ts';
import { refreshTokens } from './refresh-tokens.ts';

/** How often expired ones are deleted. */
const PRUNE_EVERY_MILLISECONDS = 60_000;

export interface HandoversOptions extends HandoverParts {
  /** Called when deleting expired records failed; it is retried after a minute. */
  readonly onFault?: (fault: unknown) => void;
  /** How many codes and how many devices may wait; 10,000 by default. */
  readonly capacity?: number;
}

/** Handovers, and a timer that deletes expired ones; safe to run in several processes at once. */
export function createHandovers({
  onFault = () => {},
  capacity,
  ...parts
}: HandoversOptions): Handovers & { close(): void } {
  const bounds = capacity === undefined ? {} : { capacity };
  const codes = authorizationCodes(parts, bounds);
  const devices = deviceCodes(parts, bounds);
  const tokens = refreshTokens(parts);
  const timer = setInterval(() => {
    Promise.all([codes.prune(), devices.prune()]).catch(onFault);
  }, PRUNE_EVERY_MILLISECONDS).unref();

  return {
    grantCode: (...of) => orStoreUnavailable(() => codes.grantCode(...of)),
    refuseCode: (...of) => codes.refuseCode(...of),
    redeemCode: (...of) => orStoreUnavailable(() => codes.redeemCode(...of)),
    beginDevice: (...of) => orStoreUnavailable(() => devices.beginDevice(...of)),
    findDevice: (...of) => orStoreUnavailable(() => devices.findDevice(...of)),
    agreeDevice: (...of) => orStoreUnavailable(() => devices.agreeDevice(...of)),
    refuseDevice: (...of) => orStoreUnavailable(() => devices.refuseDevice(...of)),
    redeemDevice: (...of) => orStoreUnavailable(() => devices.redeemDevice(...of)),
    refreshToken: (session) => tokens.refreshToken(session),
    redeemRefreshToken: (...of) => orStoreUnavailable(() => tokens.redeemRefreshToken(...of)),
    introspect: (...of) => orStoreUnavailable(() => tokens.introspect(...of)),
    revoke: (...of) => orStoreUnavailable(() => tokens.revoke(...of)),
    close: () => clearInterval(timer),
  };
}
