import { describe, expect, test } from 'vitest';
import { InvalidInput } from '../../../src/errors.ts';
import { preflight } from '../../../src/service/signing/preflight.ts';
import { account, configDirectory, yaml } from '../../config/fixture.ts';

const MANAGED = `accounts: { APP: { publicKey: ${account.publicKey} } }`;
const SEALING_KEY = `sealingKey: { env: SEALING_KEY }`;

/** The problems of serving a managed account with these settings of one role. */
function problems(role: string, more = ''): string[] {
  using directory = configDirectory();
  const text = yaml({
    accounts: MANAGED,
    roles: `roles: { publisher: { account: APP, ${role} } }`,
    more: `${SEALING_KEY}\n${more}`,
  });
  const config = directory.load(text, { SEALING_KEY: Buffer.alloc(32, 1).toString('base64') });
  try {
    preflight(config);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

const TWO = 'publish: { allow: ["{{claims.a}}-{{claims.b}}"] }';

describe('a role of a managed account', () => {
  test('needs no existing signing key', () => {
    expect(problems('publish: { allow: ["a.{{claims.id}}"] }')).toEqual([]);
    expect(problems(TWO)).toEqual([]);
  });

  test('cannot be scoped if its subjects do not allow it', () => {
    expect(problems(`${TWO}, signing: scoped`)).toEqual([
      expect.stringMatching(/^roles\.publisher\.signing: .*two references.*signing: direct/),
    ]);
    expect(problems('publish: { allow: [a] }, signing: scoped')).toEqual([]);
    expect(problems(`${TWO}, signing: direct`)).toEqual([]);
  });

  test('may have any number of subjects if they are not in the credential', () => {
    const subjects = Array.from({ length: 200 }, (_, n) => `a-long-subject.number.${n}`);
    const publish = `publish: { allow: [${subjects.join(', ')}] }`;
    expect(problems(publish)).toEqual([]);
    expect(problems(`${publish}, signing: direct`)).toEqual([
      expect.stringMatching(/^roles\.publisher: its credential does not fit .*CONNECT line/),
    ]);
  });

  test('counts the tags that its scoped credential would carry', () => {
    const tags = Array.from({ length: 20 }, (_, n) => `a.{{claims.a_rather_long_name_${n}}}`);
    const publish = `publish: { allow: [${tags.map((tag) => `"${tag}"`).join(', ')}] }`;
    expect(problems(publish)).toEqual([]);
    expect(problems(publish, 'nats: { maxControlLine: 1KiB }')).toHaveLength(1);
  });
});
