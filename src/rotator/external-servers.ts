import type { Assessment } from '../account/assess.ts';
import type { Servers } from './servers.ts';

/**
 * The servers of external accounts where there is access to the system account: what they say they
 * hold counts. Servers that load account JWTs from elsewhere (resolver MEMORY or a URL) hold nothing
 * before somebody connects. Then canaries do, and the servers are asked again: they tell more than
 * canaries see.
 */
export function externalServers({
  system,
  canary,
}: {
  readonly system: Servers;
  readonly canary: Servers;
}): Servers {
  return {
    ...system,
    async look(ring) {
      const first = await system.look(ring);
      if (!first.assess(ring).unloaded) return first;
      const tried = await canary.look(ring);
      const again = await system.look(ring);
      if (!again.assess(ring).unloaded) return again;
      return { assess: (ring) => joined(again.assess(ring), tried.assess(ring)) };
    },
  };
}

/** That no server knows the account is a problem only where no canary of it was let in. */
function joined(told: Assessment, tried: Assessment): Assessment {
  if (tried.confirmed.size > 0) return tried;
  const { problems } = tried;
  // What could not be tried is no news.
  const admission = tried.complete ? told.admission : undefined;
  return { ...tried, admission, problems: [...told.problems, ...problems] };
}
