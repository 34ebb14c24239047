import type { Config } from '../../config/config.ts';
import type { Policy } from '../../policy/compile.ts';
import { type Finding, findingsOf, type ProbeOptions } from './finding.ts';
import { probeGivenKeys } from './given-keys.ts';
import { probeIssuers } from './issuers.ts';
import { probeServers } from './nats-servers.ts';
import { probePublicUrl } from './public-url.ts';
import { probeStore } from './store.ts';
import { probeSystem } from './system-account.ts';

/**
 * Looks at everything around a configuration that the service would meet: issuers, NATS, the store,
 * its own public address. At the same time, and each within its own time; changes nothing anywhere.
 */
export async function probe(
  config: Config,
  policy: Policy,
  options: ProbeOptions,
): Promise<Finding[]> {
  const found = await Promise.all([
    probeIssuers(config, options),
    probeNats(config, policy, options),
    probeStore(config, options),
    probePublicUrl(config, options),
  ]);
  return found.flat();
}

async function probeNats(
  config: Config,
  policy: Policy,
  options: ProbeOptions,
): Promise<Finding[]> {
  const { servers, system } = config.nats;
  const { findings, usable } = await probeServers(servers, 'nats.servers', options);
  if (usable.length === 0) {
    const { note } = findingsOf('accounts', 'look at the accounts');
    return [...findings, note('not-tried', 'not tried: no server in operator mode answers')];
  }
  const parts = { config, policy, servers: usable };
  const further = system
    ? await probeSystem(parts, system.credsFile, options)
    : await probeGivenKeys(parts, options);
  return [...findings, ...further];
}
