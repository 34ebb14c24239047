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
 * Tests everything around a configuration that the service would use: issuers, NATS, the store, and its
 * own public URL. In parallel, each with its own timeout, and without changing anything.
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
    const { note } = findingsOf('accounts', 'test the accounts');
    return [...findings, note('not-tried', 'not tested: no server in operator mode answers')];
  }
  const parts = { config, policy, servers: usable };
  const further = system
    ? await probeSystem(parts, system.credsFile, options)
    : await probeGivenKeys(parts, options);
  return [...findings, ...further];
}
