// Records events for ever and prints each request id once its record() has resolved. Killed by the test.
import { writeSync } from 'node:fs';
import { openSqliteLog } from '../../../src/audit/sinks/sqlite.ts';
import { systemClock } from '../../../src/clock.ts';
import { openStore } from '../../../src/store/sqlite/database.ts';
import { issued } from '../events.ts';

const [file = '', round = ''] = process.argv.slice(2);
const store = openStore({ file, survive: 'process-crash' });
const log = openSqliteLog({ store, clock: systemClock, retentionSeconds: 86_400 });

let count = 0;
async function writer(): Promise<never> {
  for (;;) {
    const requestId = `${round}-${count++}`;
    await log.record(issued({ requestId, time: systemClock.now() }));
    writeSync(1, `${requestId}\n`);
  }
}
await Promise.all(Array.from({ length: 20 }, writer));
