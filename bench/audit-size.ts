/** What a million records take on disk, and how long writing and backing them up takes: `node bench/audit-size.ts`. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteLog } from '../src/audit/sinks/sqlite.ts';
import { systemClock } from '../src/clock.ts';
import { createKeyPair } from '../src/nats/key-pair.ts';
import { openStore } from '../src/store/sqlite/database.ts';

const RECORDS = 1_000_000;
const BATCH = 50;

const directory = mkdtempSync(join(tmpdir(), 'nats-sts-bench-'));
const file = join(directory, 'sts.db');
const mebibytes = (path: string) => `${(statSync(path).size / 1024 / 1024).toFixed(0)} MiB`;
const since = (start: number) => `${((performance.now() - start) / 1000).toFixed(1)} s`;

const payload = new URL('../test/claims/github-actions.json', import.meta.url);
const { claims } = JSON.parse(readFileSync(payload, 'utf8')) as { claims: Record<string, string> };
const looked = ['repository_owner_id', 'repository_id', 'ref', 'environment'];
const seen = Object.fromEntries(
  looked.flatMap((name) => (claims[name] ? [[name, claims[name]]] : [])),
);
const user = createKeyPair('user').publicKey;
const account = createKeyPair('account').publicKey;

const store = openStore({ file, survive: 'process-crash' });
const log = openSqliteLog({ store, clock: systemClock, retentionSeconds: 86_400 });
const start = performance.now();
for (let written = 0; written < RECORDS; written += BATCH) {
  await Promise.all(
    Array.from({ length: BATCH }, () =>
      log.record({
        type: 'issued',
        time: Date.now(),
        door: 'exchange',
        requestId: randomUUID(),
        address: '192.0.2.17',
        identity: {
          issuerName: 'github',
          issuer: 'https://token.actions.githubusercontent.com',
          subject: claims['sub'] ?? '',
          tokenHash: createHash('sha256').update(randomUUID()).digest('hex'),
        },
        binding: 'deploy jobs of acme',
        role: 'orders-publisher',
        account: 'APP',
        user,
        signingKey: account,
        tokenIssuedAt: Math.floor(Date.now() / 1000) - 10,
        expiresAt: Math.floor(Date.now() / 1000) + 900,
        claims: seen,
      }),
    ),
  );
}
console.log(`${RECORDS} records: ${mebibytes(file)}, written in ${since(start)}`);

const backup = performance.now();
store.database.exec(`VACUUM INTO '${join(directory, 'backup.db')}'`);
console.log(`VACUUM INTO: ${mebibytes(join(directory, 'backup.db'))} in ${since(backup)}`);
await log.close();
store.close();
rmSync(directory, { recursive: true });
