import { parseCreds } from '../nats/creds.ts';
import { decodeJwt } from '../nats/jwt.ts';
import { publicKeyOfSeed } from '../nats/key-pair.ts';
import { Malformed } from '../nats/malformed.ts';
import { isPublicKey } from '../nats/nkeys.ts';
import { mayIssueAccounts, parseOperatorJwt, type TrustedOperator } from '../nats/operator-jwt.ts';
import type { Config } from './config.ts';
import { warnInline } from './secrets.ts';
import { credsFileAt, type LoadContext } from './load-context.ts';
import type { Settings } from './settings.ts';

const SYSTEM = 'nats.system';
const CREDS = 'nats.system.creds';
const SIGNING_KEY = 'nats.operatorSigningKey';
const OPERATOR = 'nats.operator';

/** The servers, and the keys and access to publish account JWTs to them. */
export function readNats({ nats }: Settings, context: LoadContext): Config['nats'] {
  const { servers, maxControlLine, system, operatorSigningKey: seed } = nats;
  const operator = nats.operator === undefined ? undefined : readOperator(nats.operator, context);
  const credsFile = system && credsFileAt(system.creds, CREDS, context);
  if (credsFile !== undefined) checkSystemUser(credsFile, operator, context);
  if (seed !== undefined) {
    checkOperatorKey(seed, operator, context);
    warnInline(SIGNING_KEY, context);
    const unreadable = context.findings.problems.some(({ path }) => path.startsWith(SYSTEM));
    if (!system && !unreadable) context.findings.problem(SIGNING_KEY, SYSTEM_MISSING);
  }
  return {
    servers,
    maxControlLineBytes: maxControlLine,
    ...(credsFile !== undefined && { system: { credsFile } }),
    ...(seed !== undefined && { operatorSigningKey: seed }),
    ...(operator && { operatorJwt: operator.jwt }),
  };
}

const SYSTEM_MISSING =
  'signs account JWTs, which nats-sts publishes through the system account: add nats.system: {creds: ./keys/sts-system.creds}, a user of the system account';

function readOperator(text: string, { findings }: LoadContext): TrustedOperator | undefined {
  const operator = parseOperatorJwt(text);
  if (!(operator instanceof Malformed)) return operator;
  findings.problem(
    OPERATOR,
    `is not an operator JWT: ${operator.problem}; get it with nsc describe operator --raw > operator.jwt`,
  );
  return undefined;
}

function checkOperatorKey(
  seed: string,
  operator: TrustedOperator | undefined,
  { findings }: LoadContext,
): void {
  const key = publicKeyOfSeed(seed);
  if (key === undefined || !isPublicKey('operator', key)) {
    const found = key === undefined ? 'is not an nkey seed' : "is not an operator's seed";
    findings.problem(
      SIGNING_KEY,
      `${found}: give the seed of an operator signing key, which begins with SO`,
    );
  } else if (operator && !mayIssueAccounts(operator, key)) {
    findings.problem(SIGNING_KEY, wrongKey(operator, key));
  } else if (operator && key === operator.publicKey && operator.signingKeys.length > 0) {
    findings.warn(
      'operator-identity-key',
      SIGNING_KEY,
      'is the identity key of the operator, although the operator has signing keys: use one of those, and keep the identity key offline',
    );
  }
}

function wrongKey({ name, publicKey, signingKeys }: TrustedOperator, key: string): string {
  const whose = name === undefined ? publicKey : `${name} (${publicKey})`;
  if (key === publicKey) {
    return `is the identity key of operator ${whose}, which allows only its signing keys to sign accounts: give one of ${signingKeys.join(', ')}`;
  }
  return `is the wrong operator key: ${key} does not belong to operator ${whose}, so no server would accept what it signs; ${
    signingKeys.length > 0
      ? `its signing keys are ${signingKeys.join(', ')}`
      : 'add it to the operator (nsc edit operator --sk), or give the right one'
  }`;
}

/** Checks what the file shows. Only the servers know whether they let the user in. */
function checkSystemUser(
  file: string,
  operator: TrustedOperator | undefined,
  { files, findings }: LoadContext,
): void {
  const text = files.text(file);
  if (typeof text !== 'string') return;
  const creds = parseCreds(text);
  const user = creds instanceof Malformed ? creds : decodeJwt(creds.jwt);
  if (user instanceof Malformed) {
    findings.problem(
      CREDS,
      `the file ${file} is not a credentials file: ${user.problem}; create one with nsc generate creds`,
    );
    return;
  }
  const account = user.nats['issuer_account'] ?? user.iss;
  const expected = operator?.systemAccount;
  if (expected === undefined || account === expected) return;
  findings.problem(
    CREDS,
    `the user in ${file} is not in the system account of the operator: create one in account ${expected}`,
  );
}
