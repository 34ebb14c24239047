import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { sendRaw } from '../support/raw-http.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { JWT_TYPE, prepareService, TOKEN_EXCHANGE } from '../support/service-world.ts';

test('no secret leaves in log, error, metric or audit', async () => {
  await using ground = await prepareService({
    nats: false,
    accounts: { APP: { scopes: { scoped: {} } } },
    configure: (tree) => {
      tree.roles.scoped = {
        account: 'APP',
        publish: { allow: ['teams.{{claims.team}}'] },
      };
      tree.bindings[0].roles = ['publisher', 'scoped'];
      tree.limits = { token: '4KiB' };
    },
  });
  const { trust } = ground;
  const secrets = new Map<string, string>();
  const keep = (what: string, secret: string) => {
    secrets.set(what, secret);
    return secret;
  };
  for (const [n, pair] of [
    ...trust.account().signingKeys,
    ...Object.values(trust.account().scopedKeys),
  ].entries()) {
    keep(`signing key ${n}`, pair.seed());
  }
  /** A token, of which neither the whole nor its signature may show up anywhere. */
  const token = async (what: string, claims: Record<string, unknown> = {}) => {
    const made = await ground.token(claims);
    keep(`signature of ${what}`, made.slice(made.lastIndexOf('.') + 1));
    return keep(what, made);
  };

  await using service = await startServiceProcess(ground);
  /** Everything that callers were told beside credentials. */
  const told: string[] = [];
  const note = async (answer: Promise<Response>) => {
    const response = await answer;
    told.push(JSON.stringify([...response.headers]));
    const text = await response.text();
    if (!response.ok) told.push(text);
    return text;
  };

  // Credentials in every form.
  const good = await token('the token');
  const json = JSON.parse(await note(service.exchange(good))) as Record<string, string>;
  keep('seed', json['seed'] ?? '');
  keep('user JWT', json['jwt'] ?? '');
  const creds = await note(service.exchange(good, { accept: 'text/plain' }));
  keep('seed of the .creds', /SU[A-Z2-7]{56}/.exec(creds)?.[0] ?? '');
  const form = { grant_type: TOKEN_EXCHANGE, subject_token: good, subject_token_type: JWT_TYPE };
  const exchanged = JSON.parse(await note(service.tokenExchange(form))) as Record<string, string>;
  keep('seed of /token', exchanged['seed'] ?? '');
  keep('access_token', exchanged['access_token'] ?? '');
  await note(service.exchange(good, { nkey: createKeyPair('user').publicKey }));

  // Every way to be refused.
  const actor = await token('the actor’s token', { sub: 'bot' });
  const refused = [
    service.exchange(await token('no binding', { sub: 'nobody' })),
    service.exchange(good, { role: 'other' }),
    service.exchange(await token('an unsafe claim', { team: 'a.>' }), { role: 'scoped' }),
    service.exchange(await token('a loud claim', { team: 'RED' }), { role: 'scoped' }),
    service.exchange(await token('an expired one', { iat: 1, exp: 2 })),
    service.exchange(await token('an unknown issuer', { iss: 'https://evil.test' })),
    service.exchange(await token('a bound one', { cnf: { jkt: 'x' } })),
    service.exchange(await token('a large one', { padding: 'x'.repeat(6000) })),
    service.exchange(keep('a forged one', `${good.slice(0, -6)}AAAAAA`)),
    service.exchange(good, { headers: { authorization: `Token ${good}` } }),
    service.exchange(good, { headers: { 'content-type': 'text/plain' }, role: 'x' }),
    service.exchange(good, { headers: { dpop: good } }),
    service.exchange(good, { nkey: keep('a seed for an nkey', createKeyPair('user').seed()) }),
    fetch(`${service.url}/exchange?token=${good}`, { method: 'POST' }),
    fetch(`${service.url}/nothing/${good}`),
    service.tokenExchange({ ...form, actor_token: actor, actor_token_type: JWT_TYPE }),
    service.tokenExchange({ ...form, grant_type: good, scope: good, resource: good }),
    service.tokenExchange([
      ['subject_token', good],
      ['subject_token', good],
    ]),
    service.tokenExchange([...Object.entries(form), [good, '1'], [good, '2']]),
  ];
  for (const answer of refused) {
    const response = await answer;
    if (response.ok) throw new Error(`not refused: ${response.url}`);
    await note(Promise.resolve(response));
  }
  told.push((await sendRaw(service.url, `GET /livez HTTP/1.1\r\nHost ${good}\r\n\r\n`)).text);

  // The audit log can't be written.
  const other = new DatabaseSync(ground.storeFile);
  other.exec('BEGIN IMMEDIATE');
  await note(service.exchange(good));
  other.exec('ROLLBACK');
  other.close();

  // A reload with a seed that is mistyped, one in the wrong place, and one that is good.
  const mistyped = keep('a mistyped seed', `${createKeyPair('account').seed().slice(0, -1)}1`);
  const misplaced = keep('a misplaced seed', createKeyPair('user').seed());
  await ground.configure((tree) => {
    tree['accounts'].APP.signingKeys.push(mistyped, misplaced);
    tree['accounts'].APP.publicKey = misplaced;
    tree['roles'].publisher.maxTtl = misplaced;
  });
  service.signal('SIGHUP');
  await service.logged('the changed configuration was refused');
  await ground.configure((tree) => {
    tree['accounts'].APP.signingKeys.length = 1;
    tree['accounts'].APP.signingKeys.push(
      keep('a seed in the configuration itself', createKeyPair('account').seed()),
    );
    tree['accounts'].APP.publicKey = trust.account().key.publicKey;
    tree['roles'].publisher.maxTtl = '15m';
  });
  service.signal('SIGHUP');
  await service.logged('configuration reloaded');

  told.push(await (await fetch(`${service.url}/metrics`)).text());
  told.push(await (await fetch(`${service.url}/readyz`)).text());
  const files = ['', '-wal'].map((suffix) => readFileSync(ground.storeFile + suffix, 'latin1'));
  service.signal('SIGTERM');
  await service.exited;
  files.push(readFileSync(ground.storeFile, 'latin1'));

  const everything = [service.written(), ...told, ...files].join('\n');
  expect(secrets.size).toBeGreaterThan(25);
  expect([...secrets.values()].every((secret) => secret.length > 40)).toBe(true);
  expect(
    [...secrets].filter(([, secret]) => everything.includes(secret)).map(([what]) => what),
  ).toEqual([]);
  expect(everything).not.toMatch(/\bS[UAO][A-Z2-7]{56}\b/);
  // What is there instead, so that this looked at the right things.
  const hash = createHash('sha256').update(good).digest('hex');
  expect(files.join('')).toContain(hash);
});
