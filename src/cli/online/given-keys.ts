import { probeKeys } from '../../account/canary.ts';
import type { Config } from '../../config/config.ts';
import { keyPairFromSeed } from '../../nats/key-pair.ts';
import { LIST_KEY } from './accounts.ts';
import { type Finding, findingsOf, type ProbeOptions } from './finding.ts';

/** Tests accounts without system account access: a user of each given key connects. */
export async function probeGivenKeys(
  { config, servers }: { readonly config: Config; readonly servers: readonly string[] },
  { clock }: ProbeOptions,
): Promise<Finding[]> {
  const perAccount = config.accounts.map(async (spec) => {
    const tell = findingsOf(
      `accounts.${spec.name}`,
      `connect as a user of account ${spec.publicKey}`,
    );
    if (spec.kind === 'configured') {
      return [tell.note('account', 'not tested: its users exist only in auth callouts')];
    }
    if (spec.kind === 'managed') {
      return [tell.note('account', 'not tested: the process with nats.system tests it')];
    }
    const keys = spec.signingKeys.map(({ seed, role }) => ({ pair: keyPairFromSeed(seed), role }));
    const found = await probeKeys({
      servers,
      account: spec.publicKey,
      keys: keys.map(({ pair }) => pair),
      clock,
    });
    for (const { pair } of keys) pair.wipe();
    return keys.map(({ pair, role }) => {
      const listing = found.get(pair.publicKey) ?? 'unknown';
      const wanted = role === undefined ? 'plain' : 'scoped';
      if (listing === wanted) return tell.ok('signing-key', `${pair.publicKey} is listed`);
      if (listing === 'unknown') {
        return tell.problem(
          'signing-key',
          `${pair.publicKey}: no server could be asked`,
          'see the findings about nats.servers',
        );
      }
      if (listing === 'unlisted') {
        return tell.problem(
          'signing-key',
          `${pair.publicKey}: the servers reject its users`,
          UNLISTED,
        );
      }
      return tell.problem(
        'signing-key',
        `${pair.publicKey} is listed as ${listing}, configured as ${wanted}`,
        LIST_KEY,
      );
    });
  });
  return (await Promise.all(perAccount)).flat();
}

const UNLISTED =
  'add it to the account JWT and push that (nsc edit account --sk, nsc push); if it is listed already, check that the servers are in operator mode and know the account, and that its JWT has not expired and allows connections';
