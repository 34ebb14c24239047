import type { HeldClaim } from '../single-use-claims.ts';
import type { Channel } from './channel.ts';

/** As `SingleUse` in `identity/single-use.ts`. */
interface Claims {
  claim(issuer: string, jti: string, expiresAt: number): boolean | Promise<boolean>;
  hold(issuer: string, jti: string, expiresAt: number): Promise<HeldClaim | undefined>;
}

/** What the primary process answers a worker. */
export type SingleUseAnswers = {
  readonly 'single.claim': Claims['claim'];
  /** A number that names the claim; undefined when it was used. */
  readonly 'single.hold': (
    issuer: string,
    jti: string,
    expiresAt: number,
  ) => Promise<number | undefined>;
  readonly 'single.settle': (claim: number) => Promise<boolean>;
  readonly 'single.release': (claim: number) => void;
};

/** Claims of a worker, kept where the primary process keeps its own. */
export function openIpcSingleUse(channel: Channel<SingleUseAnswers>): Claims {
  return {
    claim: (...what) => channel.call('single.claim', ...what),
    async hold(...what) {
      const claim = await channel.call('single.hold', ...what);
      if (claim === undefined) return undefined;
      return {
        settle: () => channel.call('single.settle', claim),
        release: () => channel.tell('single.release', claim),
      };
    },
  };
}

/**
 * Answers a worker. What it holds when it ends is released: it has not answered, and never will. A claim that is being
 * settled at that moment is withdrawn, because its worker cannot have learned of it.
 */
export function serveSingleUse(channel: Channel, claims: Claims): void {
  const held = new Map<number, HeldClaim>();
  let ids = 0;
  channel.onClose(() => {
    for (const claim of held.values()) claim.release();
    held.clear();
  });
  channel.serve({
    'single.claim': (...what) => claims.claim(...what),
    async 'single.hold'(...what) {
      const claim = await claims.hold(...what);
      if (!claim) return undefined;
      if (channel.closed) {
        claim.release();
        return undefined;
      }
      ids += 1;
      held.set(ids, claim);
      return ids;
    },
    async 'single.settle'(id) {
      const claim = held.get(id);
      if (!claim) return false;
      const settled = await claim.settle();
      held.delete(id);
      return settled;
    },
    'single.release'(id) {
      held.get(id)?.release();
      held.delete(id);
    },
  } satisfies SingleUseAnswers);
}
