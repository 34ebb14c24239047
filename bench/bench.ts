/**
 * `npm run bench`: what an exchange costs. `npm run bench -- rotation`: how fast signing keys rotate
 * and revocations cut, and what that costs those who work meanwhile.
 */
import { benchExchange } from './exchange.ts';
import { benchRotation } from './rotation/rotation.ts';

const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  exchange: benchExchange,
  rotation: benchRotation,
};

const [name = 'exchange'] = process.argv.slice(2);
const bench = BENCHES[name];
if (!bench) {
  console.error(`there is no bench "${name}"; there are: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
await bench();
process.exit(0);
