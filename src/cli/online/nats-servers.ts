import { systemErrorCode } from '../../identity/guarded-fetch.ts';
import { remedyOf } from './fetch-fault.ts';
import { type Finding, findingsOf, type ProbeOptions } from './finding.ts';
import { type Greeting, NoGreeting, readGreeting } from '../../connection/greeting.ts';

export interface ServersProbed {
  readonly findings: readonly Finding[];
  /** URLs of those that may be in operator mode. Others do not get a user JWT. */
  readonly usable: readonly string[];
}

/** Tests each server: is it reachable, in operator mode (unless `anyMode`), and new enough? */
export async function probeServers(
  servers: readonly string[],
  path: string,
  options: ProbeOptions & { readonly anyMode?: true },
): Promise<ServersProbed> {
  const probed = await Promise.all(servers.map((server) => probeServer(server, path, options)));
  return {
    findings: probed.map(({ finding }) => finding),
    usable: probed.flatMap(({ usable }) => usable ?? []),
  };
}

/** Older servers do not understand what nats-sts issues (docs/operations/run.md). */
const OLDEST = '2.9.0';

async function probeServer(
  server: string,
  path: string,
  { timeoutMilliseconds, anyMode }: ProbeOptions & { readonly anyMode?: true },
): Promise<{ readonly finding: Finding; readonly usable?: string }> {
  const found = findingsOf(path, `connect to ${server}`);
  let greeting: Greeting;
  try {
    greeting = await readGreeting(server, timeoutMilliseconds);
  } catch (fault) {
    if (!(fault instanceof NoGreeting)) throw fault;
    const { id, todo } = remedyOf(fault.cause);
    const code = systemErrorCode(fault);
    const silent = fault.cause === undefined;
    return {
      finding: silent
        ? found.problem('not-nats', fault.message, NOT_NATS)
        : found.problem(
            id,
            code === undefined ? fault.message : `${fault.message} (${code})`,
            todo,
          ),
    };
  }
  const { version, auth_required, nonce, tls_verify } = greeting;
  const what = `nats-server ${version}`;
  if (!anyMode && !auth_required) {
    return {
      finding: found.problem(
        'not-operator-mode',
        `${what} is not in operator mode: it requires no credentials`,
        OPERATOR_MODE,
      ),
    };
  }
  if (!anyMode && nonce === undefined) {
    return {
      finding: found.problem(
        'not-operator-mode',
        `${what} is not in operator mode: it requires a user and password, or a token (INFO has no nonce)`,
        OPERATOR_MODE,
      ),
    };
  }
  if (tls_verify) {
    return {
      finding: found.problem(
        'client-certificate',
        `${what} requires a client certificate`,
        'disable verify in the tls block of a listener for nats-sts, which has no client certificate',
      ),
      usable: server,
    };
  }
  if (isOlder(version, OLDEST)) {
    return {
      finding: found.problem('too-old', `${what}, but ${OLDEST} is required`, 'update nats-server'),
      usable: server,
    };
  }
  const security = greeting.encrypted ? 'TLS' : 'no TLS';
  const asks = nonce === undefined ? 'requires no signature' : 'requires a JWT or nkey';
  return { finding: found.ok('server', `${what}, ${security}, ${asks}`), usable: server };
}

const NOT_NATS =
  'write the client port, 4222 by default (8222 is for monitoring, 6222 for routes); nats-sts does not support TLS before the greeting (handshake_first)';

const OPERATOR_MODE =
  'set up operator mode (operator, system_account, and resolver in nats-server.conf): nats-sts init writes such a configuration, nats-sts adopt uses one from nsc';

/** Whether a nats-server version, `2.15.1` or `2.15.1-RC.1`, is older than another. */
export function isOlder(version: string, than: string): boolean {
  const [one, other] = [numbers(version), numbers(than)];
  const place = one.findIndex((number, index) => number !== other[index]);
  return place >= 0 && (one[place] ?? 0) < (other[place] ?? 0);
}

function numbers(version: string): number[] {
  return (/^v?(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number);
}
