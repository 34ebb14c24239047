import { ISSUER_AHEAD_SECONDS } from '../../revocation/match.ts';
import { SLOW_SERVER_SECONDS } from '../../revocation/plan.ts';
import { type AdminDeps, readRings } from './deps.ts';

/**
 * How long after a revocation a credential may be alive that it applies to, seconds: a subject token
 * from before may be presented until it has expired, a session from before until it ends, and a
 * process that lost sight of the store may take it. Keys remember longer lifetimes from before the configuration changed.
 */
export async function longestReachSeconds({ config, state }: AdminDeps): Promise<number> {
  const { roles, issuers, logins } = config();
  const rings = await readRings(state);
  const credentials = [
    ...roles.map(({ maxTtlSeconds }) => maxTtlSeconds),
    ...rings.flatMap(({ ring }) => ring.keys.map(({ lifetimeSeconds }) => lifetimeSeconds)),
  ];
  const tokens = issuers.map(
    ({ maxTokenLifetimeSeconds, leewaySeconds }) => maxTokenLifetimeSeconds + leewaySeconds,
  );
  const sessions = logins.map(({ sessionSeconds }) => sessionSeconds);
  const clocks = ISSUER_AHEAD_SECONDS + SLOW_SERVER_SECONDS;
  return Math.max(0, ...credentials) + Math.max(0, ...tokens, ...sessions) + clocks;
}
