/**
 * `npm run bench`: what an exchange costs. `npm run bench -- rotation`: how fast signing keys rotate
 * and revocations disconnect, and what that costs everyone else. `npm run bench -- versus COMMIT`:
 * start, throughput, latency and memory as ratios to another commit.
 */
import { benchExchange } from './exchange.ts';
import { benchRotation } from './rotation/rotation.ts';
import { benchVersus } from './versus/versus.ts';

const BENCHES: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  exchange: benchExchange,
  rotation: benchRotation,
  versus: benchVersus,
};

const [name = 'exchange', ...args] = process.argv.slice(2);
const bench = BENCHES[name];
if (!bench) {
  console.error(`there is no bench "${name}"; there are: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
await bench(args);
process.exit(0);
