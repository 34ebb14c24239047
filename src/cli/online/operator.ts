import type { Config } from '../../config/config.ts';
import { publicKeyOfSeed } from '../../nats/key-pair.ts';
import { Malformed } from '../../nats/malformed.ts';
import {
  mayIssueAccounts,
  parseOperatorJwt,
  type TrustedOperator,
} from '../../nats/operator-jwt.ts';
import { accountOf, type Asked, type SystemParts, type Varz } from './ask-servers-once.ts';
import { type Finding, findingsOf } from './finding.ts';
import { skewBetween, skewText } from './skew.ts';

/** Compares what each server says about itself with the configuration. */
export function operatorFindings({ config, user }: SystemParts, asked: Asked): Finding[] {
  const silent = asked.silent.map((name) =>
    findingsOf('nats.servers', `ask server ${name}`).problem(
      'silent',
      'it does not answer, although another server has a route to it',
      'check its load and log; no signing key rotates until it answers',
    ),
  );
  const ofServers = [...asked.varz].flatMap(([name, varz]) => [
    ...trustFindings(name, varz, config),
    ...limitFindings(name, varz, config),
    ...systemAccountFindings(name, varz, accountOf(user)),
    clockFinding(name, varz, asked),
  ]);
  return [...silent, ...ofServers];
}

function trustFindings(server: string, varz: Varz, { nats }: Config): Finding[] {
  const { ok, problem, warning } = findingsOf('nats.operator', `operator of server ${server}`);
  const operators = (varz.trusted_operators_jwt ?? [])
    .map(parseOperatorJwt)
    .filter((read): read is TrustedOperator => !(read instanceof Malformed));
  const theirs = operators.map(nameOf).join(', ') || '(not shown)';
  const ours = nats.operatorJwt === undefined ? undefined : parseOperatorJwt(nats.operatorJwt);
  const found: Finding[] = [];
  if (ours && !(ours instanceof Malformed)) {
    const same = operators.find(({ publicKey }) => publicKey === ours.publicKey);
    if (!same) {
      found.push(
        problem(
          'operator',
          `it trusts operator ${theirs}, but nats.operator is ${nameOf(ours)}`,
          OTHER,
        ),
      );
    } else if (same.jwt !== ours.jwt) {
      const keys = `its signing keys are ${listed(same)}, those in nats.operator are ${listed(ours)}`;
      found.push(
        warning(
          'operator-differs',
          `it has a different JWT of operator ${nameOf(ours)}: ${keys}`,
          STALE,
        ),
      );
    }
  }
  const seed = nats.operatorSigningKey;
  const key = seed === undefined ? undefined : publicKeyOfSeed(seed);
  if (key !== undefined && !operators.some((operator) => mayIssueAccounts(operator, key))) {
    const { problem } = findingsOf('nats.operatorSigningKey', `operator of server ${server}`);
    const keys = operators.map(
      (operator) => `${nameOf(operator)} with signing keys ${listed(operator)}`,
    );
    found.push(
      problem(
        'operator-signing-key',
        `${key} does not belong to operator ${keys.join(', ') || theirs}`,
        UNLISTED,
      ),
    );
  }
  return found.length > 0 ? found : [ok('operator', `it trusts operator ${theirs}`)];
}

const OTHER = 'write the operator JWT of these servers: nsc describe operator --raw > operator.jwt';
const STALE =
  'update both to the latest (nsc describe operator --raw > operator.jwt); a server needs a restart for it';
const UNLISTED =
  'add the key to the operator (nsc edit operator --sk), write the new operator JWT into nats-server.conf, and restart the servers one by one';

function nameOf({ name, publicKey }: TrustedOperator): string {
  return name === undefined ? publicKey : `"${name}" (${publicKey})`;
}

function listed({ signingKeys }: TrustedOperator): string {
  return signingKeys.length > 0 ? signingKeys.toSorted().join(', ') : '(none)';
}

function limitFindings(
  server: string,
  { max_control_line: limit }: Varz,
  { nats }: Config,
): Finding[] {
  if (limit === undefined || limit >= nats.maxControlLineBytes) return [];
  return [
    findingsOf('nats.maxControlLine', `max_control_line of server ${server}`).problem(
      'max-control-line',
      `it is ${limit}, but the configuration has ${nats.maxControlLineBytes}: the server rejects longer credentials`,
      `write maxControlLine: ${limit}B, or increase max_control_line in nats-server.conf`,
    ),
  ];
}

function systemAccountFindings(
  server: string,
  { system_account: theirs }: Varz,
  ours: string,
): Finding[] {
  if (theirs === undefined || theirs === ours) return [];
  return [
    findingsOf('nats.system', `system account of server ${server}`).problem(
      'not-system-account',
      `it is ${theirs}, but the creds are of ${ours}`,
      'create a user in the account that nats-server.conf names as system_account',
    ),
  ];
}

/** Credentials expire by the clocks of the servers, without any leeway. */
const TOLERATED_MILLISECONDS = 2000;

function clockFinding(server: string, { now }: Varz, asked: Asked): Finding {
  const { ok, problem } = findingsOf('nats.servers', `clock of server ${server}`);
  const told = Date.parse(now);
  const skew = Number.isNaN(told) ? 0 : skewBetween({ earliest: told, latest: told }, asked);
  if (Math.abs(skew) <= TOLERATED_MILLISECONDS) {
    return ok('clock', skew === 0 ? 'agrees with this machine' : skewText(skew));
  }
  const effect =
    skew > 0
      ? 'credentials expire that much earlier there'
      : 'credentials expire that much later there';
  return problem(
    'clock-skew',
    `${skewText(skew)}: ${effect}`,
    'synchronize both machines by NTP (chronyc tracking, timedatectl)',
  );
}
