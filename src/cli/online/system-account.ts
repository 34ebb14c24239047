import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import {
  connectionProblem,
  openSystemConnection,
  type SystemConnection,
} from '../../account/system/connection.ts';
import type { Config } from '../../config/config.ts';
import { parseCreds } from '../../nats/creds.ts';
import { type DecodedClaims, decodeJwt } from '../../nats/jwt.ts';
import { Malformed } from '../../nats/malformed.ts';
import { accountOf, type Asked, askServersOnce, type SystemParts } from './ask-servers-once.ts';
import { type Finding, findingsOf, type ProbeOptions } from './finding.ts';
import { operatorFindings } from './operator.ts';
import { probeAccounts } from './accounts.ts';
import type { Policy } from '../../policy/compile.ts';
import { CLAIMS_UPDATE, systemUserPermissions } from '../../account/system/permissions.ts';
import { templateFault } from '../../account/template.ts';
import type { SubjectPermission } from '../../nats/user-claims.ts';

const PATH = 'nats.system';
const SOON_MILLISECONDS = 7 * 86_400_000;

/** Tests the system user, and everything that the servers answer it. */
export async function probeSystem(
  { config, policy, servers }: { config: Config; policy: Policy; servers: readonly string[] },
  credsFile: string,
  options: ProbeOptions,
): Promise<Finding[]> {
  const creds = parseCreds(readFileSync(credsFile, 'utf8'));
  const user = creds instanceof Malformed ? creds : decodeJwt(creds.jwt);
  if (user instanceof Malformed) {
    return [findingsOf(PATH, credsFile).problem('creds', user.problem, 'nsc generate creds')];
  }
  const lifetime = lifetimeFinding(user, credsFile, options);
  const access = { servers, login: { credsFile: credsFile } };
  const refused = await connectionProblem(access, options.timeoutMilliseconds);
  if (refused !== undefined) return [...lifetime, notConnected(refused, servers)];
  const system = openSystemConnection(access);
  try {
    const connected = await Promise.race([
      system.ready().then(() => true),
      wait(options.timeoutMilliseconds, false, { ref: false }),
    ]);
    if (!connected) return [...lifetime, notConnected(stateOf(system), servers)];
    return [...lifetime, ...(await throughSystem({ system, user, config, policy }, options))];
  } finally {
    await system.close();
  }
}

async function throughSystem(parts: SystemParts, options: ProbeOptions): Promise<Finding[]> {
  const asked = await askServersOnce(parts.system, parts.config.accounts, options.clock);
  if (!asked.asSystem && asked.refused.size === 0 && !asked.inboxRefused) return [silent(parts)];
  return [
    ...permissionFindings(parts, asked),
    ...operatorFindings(parts, asked),
    ...(await probeAccounts(parts, asked, options)),
  ];
}

function lifetimeFinding({ exp }: DecodedClaims, file: string, { clock }: ProbeOptions): Finding[] {
  const { problem, warning } = findingsOf(PATH, file);
  if (exp === undefined) return [];
  const left = exp * 1000 - clock.now();
  const date = new Date(exp * 1000).toISOString();
  if (left <= 0) return [problem('expired', `the user expired at ${date}`, RENEW)];
  return left < SOON_MILLISECONDS ? [warning('expires', `the user expires at ${date}`, RENEW)] : [];
}

const RENEW = 'replace the creds file: nats-sts reads it again at the next connect';

function stateOf(system: SystemConnection): string {
  const state = system.current();
  return typeof state === 'string' ? state : 'timed out';
}

function notConnected(why: string, servers: readonly string[]): Finding {
  return findingsOf(PATH, `connect to ${servers.join(', ')} as the system user`).problem(
    'system-refused',
    why,
    'compare the operator and account of the creds with those of the servers: a server accepts only users of its own operator, and none whose JWT expired or was revoked',
  );
}

/** Only the system account gets answers from servers. */
function silent({ system, user }: SystemParts): Finding {
  const connection = system.current();
  const info = typeof connection === 'string' ? undefined : connection.info;
  const tell = findingsOf(PATH, 'ask the servers for their names');
  // Servers since 2.12 say so; older ones omit it for every account.
  const isSystem = info !== undefined && 'acc_is_sys' in info && info.acc_is_sys === true;
  return isSystem
    ? tell.problem(
        'silent',
        'no server answered in time',
        'check the load and the logs of the servers',
      )
    : tell.problem(
        'not-system-account',
        `the user is in account ${accountOf(user)}, which is not the system account, so servers do not answer it`,
        'create a user in the account that nats-server.conf names as system_account',
      );
}

/** Whether its user may do what nats-sts needs. */
function permissionFindings({ user, config }: SystemParts, asked: Asked): Finding[] {
  const { ok, problem } = findingsOf(PATH, 'permissions of the system user');
  const { pub, sub } = systemUserPermissions();
  const allow = pub.allow ?? [];
  // Only a process with an operator key pushes. Pushes are not tested, so the user JWT decides.
  const pushes = config.nats.operatorSigningKey !== undefined;
  const mayNotPush = pushes && !allowsPublish(user.nats['pub'], CLAIMS_UPDATE);
  const missing = [...asked.refused, ...(mayNotPush ? [CLAIMS_UPDATE] : [])];
  const found: Finding[] = [];
  if (missing.length > 0) {
    found.push(
      problem(
        'not-permitted',
        `it may not publish to ${missing.join(', ')}`,
        `allow all of these: --allow-pub '${allow.join(',')}'`,
      ),
    );
  }
  if (asked.inboxRefused) {
    const inboxes = (sub.allow ?? []).join(',');
    found.push(
      problem(
        'not-permitted',
        `it may not subscribe to ${inboxes}`,
        `allow this: --allow-sub '${inboxes}'`,
      ),
    );
  }
  return found.length > 0 ? found : [ok('permissions', 'everything that nats-sts needs')];
}

/** A user of a scoped key has no permissions in its own JWT; those of the key are not visible here. */
function allowsPublish(pub: unknown, subject: string): boolean {
  const rules = typeof pub === 'object' && pub !== null ? (pub as SubjectPermission) : {};
  return templateFault({ pub: { allow: [subject] } }, { pub: rules }) === undefined;
}
