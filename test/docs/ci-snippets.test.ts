import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { temporaryDirectory } from '../audit/temporary-directory.ts';
import { findNatsCli } from '../support/nats-cli.ts';
import { type ServiceWorld, startServiceWorld } from '../support/service-world.ts';
import { document } from './documents.ts';

interface Snippet {
  readonly script: string;
  /** The variables that the snippet sets itself. */
  readonly names: readonly string[];
}

/** The YAML below a heading of docs/clients.md. */
function yamlOf(heading: string): unknown {
  const [, yaml] = new RegExp(`^### ${heading}\\n+\`\`\`yaml\\n([^]*?)^\`\`\``, 'm').exec(
    document('docs/clients.md').text,
  ) ?? [''];
  return parse(yaml ?? '');
}

function github(): Snippet {
  const { env, jobs } = yamlOf('GitHub Actions') as {
    env: Record<string, string>;
    jobs: { deploy: { steps: { run: string }[] } };
  };
  return { script: jobs.deploy.steps[0]?.run ?? '', names: Object.keys(env) };
}

function gitlab(): Snippet {
  const { deploy } = yamlOf('GitLab CI') as {
    deploy: { script: string[]; variables: Record<string, string> };
  };
  return { script: deploy.script.join('\n'), names: Object.keys(deploy.variables) };
}

/** The endpoint where a GitHub Actions job gets a token, as GitHub documents it. */
async function tokenEndpoint(value: (audience: string | null) => Promise<unknown>) {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://localhost');
    const allowed = request.headers.authorization === 'Bearer of-this-job';
    void value(searchParams.get('audience')).then((token) =>
      response
        .writeHead(allowed ? 200 : 401, { 'content-type': 'application/json' })
        .end(JSON.stringify({ count: 1, value: token })),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/token?api-version=2.0`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

let world: ServiceWorld;
let nats: string;
let scratch: ReturnType<typeof temporaryDirectory>;

beforeAll(async () => {
  const cli = await findNatsCli();
  if ('missing' in cli) throw new Error(cli.missing);
  nats = dirname(cli.path);
  world = await startServiceWorld({
    configure: (tree) => {
      tree['roles']['orders-publisher'] = {
        account: 'APP',
        publish: { allow: ['orders.deployed'] },
        subscribe: { allow: ['_INBOX.>'] },
      };
      tree['bindings'].push({
        name: 'deploy jobs',
        issuer: 'dev',
        match: { sub: 'a-deploy-job' },
        roles: ['orders-publisher'],
      });
    },
  });
});
afterAll(() => world[Symbol.asyncDispose]());

beforeEach(() => {
  scratch = temporaryDirectory();
  return () => scratch[Symbol.dispose]();
});

/** Runs a snippet as the provider's shell would. */
async function run({ script, names }: Snippet, variables: Record<string, string>) {
  const known: Record<string, string> = { STS: world.url, NATS: world.nats?.url ?? '' };
  const env = {
    PATH: `${nats}:${process.env['PATH']}`,
    HOME: scratch.path,
    TMPDIR: scratch.path,
    ...Object.fromEntries(names.map((name) => [name, known[name]])),
    ...variables,
  };
  const child = spawn('bash', ['-e', '-c', script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return {
    code,
    out,
    err,
    left: readdirSync(scratch.path).filter((name) => name.startsWith('tmp.')),
  };
}

const SEED = /\bSU[A-Z2-7]{56}\b/;
const job = (sub = 'a-deploy-job') => world.token({ sub });

/** The first message on the subject that the snippets publish to. */
async function deployed() {
  const observer = await world.observer();
  const subscription = observer.subscribe('orders.deployed', { max: 1 });
  await observer.flush();
  return async () => {
    for await (const message of subscription) return message.string();
    return undefined;
  };
}

const PROVIDERS = [
  {
    name: 'GitHub Actions',
    start: async (token: () => Promise<string | null>) => {
      const endpoint = await tokenEndpoint(token);
      const variables = {
        ACTIONS_ID_TOKEN_REQUEST_URL: endpoint.url,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-this-job',
        GITHUB_SHA: 'abc123',
      };
      return {
        run: (more = {}) => run(github(), { ...variables, ...more }),
        [Symbol.asyncDispose]: () => endpoint[Symbol.asyncDispose](),
      };
    },
    none: /GitHub gave no token/,
  },
  {
    name: 'GitLab CI',
    start: async (token: () => Promise<string | null>) => {
      const variables = { STS_TOKEN: (await token()) ?? '', CI_COMMIT_SHA: 'abc123' };
      return {
        run: (more = {}) => run(gitlab(), { ...variables, ...more }),
        [Symbol.asyncDispose]: async () => {},
      };
    },
    none: /GitLab gave no token/,
  },
];

describe.each(PROVIDERS)('the snippet in docs/clients.md for $name', ({ start, none }) => {
  test('publishes with a credential of the role, shows no secret, and leaves none behind', async () => {
    await using provider = await start(() => job());
    const message = await deployed();
    const { code, out, err, left } = await provider.run();
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(await message()).toBe('abc123');
    expect(out + err).not.toMatch(SEED);
    expect(left).toEqual([]);
    const [issued] = world.audit({ type: 'issued' }).toReversed();
    expect(issued).toMatchObject({ role: 'orders-publisher' });
  });

  test('fails and shows the refusal if the policy grants nothing', async () => {
    await using provider = await start(() => job('a-stranger'));
    const { code, err, left } = await provider.run();
    expect(code).toBe(1);
    expect(err).toContain('"code":"access_denied"');
    expect(err).toMatch(/"request_id":"[\w-]+"/);
    expect(left).toEqual([]);
  });

  test.each(['', null])('fails if the provider gives no token: %j', async (value) => {
    await using provider = await start(async () => value);
    const { code, err, left } = await provider.run();
    expect(code).not.toBe(0);
    expect(err).toMatch(none);
    expect(left).toEqual([]);
  });

  test('never shows a credential, even if the answer breaks off in the middle of one', async () => {
    const seed = `SU${'A'.repeat(56)}`;
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '1000' });
      response.write(`${seed}\n`, () => response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await using provider = await start(() => job());
    const { code, out, err, left } = await provider.run({ STS: `http://127.0.0.1:${port}` });
    expect(code).not.toBe(0);
    expect(out + err).not.toContain(seed);
    expect(left).toEqual([]);
    await new Promise((resolve) => server.close(resolve));
  });

  test('fails if NATS refuses or is unreachable', async () => {
    await using provider = await start(() => job());
    const { code, left } = await provider.run({ NATS: 'nats://127.0.0.1:1' });
    expect(code).not.toBe(0);
    expect(left).toEqual([]);
  });
});

test('the snippet for GitHub Actions asks for a token for this service, and masks it before use', async () => {
  let audience: string | null = '';
  const token = await job();
  await using endpoint = await tokenEndpoint(async (asked) => {
    audience = asked;
    return token;
  });
  const { out, err } = await run(github(), {
    ACTIONS_ID_TOKEN_REQUEST_URL: endpoint.url,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-this-job',
    GITHUB_SHA: 'abc123',
  });
  expect(audience).toBe(world.url);
  expect(out.split('\n')[0]).toBe(`::add-mask::${token}`);
  expect((out + err).split(token)).toHaveLength(2);
});

test('the snippet for GitHub Actions fails if the job may not ask for a token', async () => {
  await using endpoint = await tokenEndpoint(() => job());
  const { code, err } = await run(github(), {
    ACTIONS_ID_TOKEN_REQUEST_URL: endpoint.url,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-another-job',
    GITHUB_SHA: 'abc123',
  });
  expect(code).not.toBe(0);
  expect(err).toContain('401');
});
