import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { natsSts } from '../cli/command-line.ts';
import { freePort } from '../support/free-port.ts';
import { startIssuer } from '../support/issuer.ts';
import { createNscHome, missingTools } from '../support/nsc-home.ts';
import { document } from './documents.ts';

const missing = await missingTools();
const { text: PAGE } = document('docs/operations/adopt.md');

/** The shell blocks after "With TOOL", in order. */
function commandsWith(tool: string): string[] {
  const parts = PAGE.split(/\n {3}(?=With nsc|With nats auth)/).slice(1);
  return parts
    .filter((part) => part.startsWith(`With ${tool}`))
    .map((part) => /```sh\n(.*?)```/s.exec(part)?.[1] ?? '');
}

describe.skipIf(missing !== undefined)(
  'the commands of docs/operations/adopt.md, unchanged',
  () => {
    test.each([
      [
        'nsc',
        `nsc add operator --sys --name ACME\nnsc add account --name APP`,
        'SYS',
        (url: string) => `nsc push --account APP -u ${url}`,
      ],
      [
        'nats auth',
        `nats auth operator add ACME --no-signing-key
nats auth account add APP --operator ACME --defaults
nats auth user add admin SYSTEM --operator ACME --defaults --credential admin.creds`,
        'SYSTEM',
        (url: string) => `nats auth account push APP --operator ACME -s ${url} --creds admin.creds`,
      ],
    ])(
      '%s: they produce a setup that check --online accepts',
      async (tool, before, system, push) => {
        await using home = await createNscHome();
        await using issuer = await startIssuer();
        await home.sh(before);
        const commands = commandsWith(tool);
        expect(commands).toHaveLength(2);
        const [sealing = ''] = /\(umask 077; openssl [^)]*\)/.exec(PAGE) ?? [];
        const directory = join(home.path, 'sts');
        mkdirSync(directory);
        for (const lines of [...commands, sealing]) await home.sh(lines, directory);
        const server = await home.serve('ACME', system);
        await home.sh(push(server.url));
        const accounts = await home.sh(
          `base64 -d 2>/dev/null < <(cut -d. -f2 ${home.at('stores/ACME/accounts/APP/APP.jwt')} | tr '_-' '/+') || true`,
        );
        const { sub } = /"sub":"(?<sub>A[A-Z2-7]{55})"/.exec(accounts)?.groups ?? {};
        const config = {
          listen: { host: '127.0.0.1', port: await freePort() },
          nats: {
            servers: [server.url],
            operator: { file: './operator.jwt' },
            operatorSigningKey: { file: './operator-signing.nk' },
            system: { creds: './sts-system.creds' },
          },
          sealingKey: { file: './sealing.key' },
          accounts: { APP: { publicKey: sub, rotation: { every: '30d' } } },
          issuers: {
            dev: { issuer: issuer.issuer, audience: 'nats-sts', allowInsecureHttp: true },
          },
          roles: { starter: { account: 'APP', publish: { allow: ['app.>'] } } },
          bindings: [{ name: 'all', issuer: 'dev', match: { sub: 'orders' }, roles: ['starter'] }],
        };
        const file = join(directory, 'sts.yaml');
        writeFileSync(file, stringify(config));
        expect(await natsSts('check', '--online', '-c', file)).toMatchObject({
          exitCode: 0,
          err: '',
        });
      },
    );
  },
);
