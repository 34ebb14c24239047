import type { AccountClaims } from '../../account/account-jwt.ts';
import { accountProblems } from '../../account/admission.ts';
import { whyUnusable } from '../../account/listing.ts';
import { readView } from '../../account/read-view.ts';
import { ResolverUnreachable } from '../../account/resolver.ts';
import { systemResolver } from '../../account/system/resolver.ts';
import { NotTrusted, type TrustedIssuers, trustOfOperator } from '../../account/trust.ts';
import type { AccountSpec, Config } from '../../config/config.ts';
import { ringedAccounts } from '../../service/signing/ringed-accounts.ts';
import { type Clock, unixSeconds } from '../../clock.ts';
import type { Asked, SystemParts } from './ask-servers-once.ts';
import { type Finding, findingsOf, type ProbeOptions } from './finding.ts';

/** Each account as the servers have it, seen through the system account. */
export async function probeAccounts(
  { system, config, policy }: SystemParts,
  asked: Asked,
  { clock }: ProbeOptions,
): Promise<Finding[]> {
  const resolver = systemResolver({ system });
  const issuers = trustedBy(config, asked);
  const given = new Map(
    ringedAccounts(config, policy).map(({ name, wanted }) => [name, wanted.given ?? []]),
  );
  const withJwt = config.accounts.filter(({ kind }) => kind !== 'configured');
  const perAccount = withJwt.map(async (spec) => {
    const path = `accounts.${spec.name}`;
    const tell = findingsOf(path, `account ${spec.publicKey} on the servers`);
    try {
      const view = await resolver.look(spec.publicKey);
      const managed = spec.kind === 'managed';
      const read = readView(view, { account: spec.publicKey, issuers, now: clock.now(), managed });
      const problems = read.problems.map((problem) =>
        tell.problem('account', problem, pushAccount(spec.name)),
      );
      const { base } = read;
      if (!base) return problems;
      const unusable = (given.get(spec.name) ?? []).flatMap((key) => {
        const why = whyUnusable(base, key);
        return why === undefined
          ? []
          : [tell.problem('signing-key', `${key.publicKey}: ${why}`, LIST_KEY)];
      });
      const found = [...problems, ...admissionFindings(spec.name, base, clock), ...unusable];
      return found.length > 0
        ? found
        : [tell.ok('account', describe(spec, base.iss, view.servers.length))];
    } catch (fault) {
      if (!(fault instanceof ResolverUnreachable)) throw fault;
      // Missing permissions of the user were reported already.
      return asked.refused.size > 0 || asked.inboxRefused
        ? []
        : [tell.problem('account', fault.message, 'check the load and the logs of the servers')];
    }
  });
  return [...resolverFindings(config, asked), ...(await Promise.all(perAccount)).flat()];
}

function pushAccount(name: string): string {
  return `push the account JWT to the servers: nsc push --account ${name}, or nats auth account push ${name}`;
}

export const LIST_KEY =
  'add the key to the account JWT (nsc edit account --sk, nsc edit signing-key --role), and push it';

/** Whether NATS accepts users of this account, and for how long. */
function admissionFindings(name: string, claims: AccountClaims, clock: Clock): Finding[] {
  const { problem, warning } = findingsOf(`accounts.${name}`, `access to account ${claims.sub}`);
  return accountProblems(claims, { nowSeconds: unixSeconds(clock) }).map(({ refuses, message }) =>
    (refuses ? problem : warning)(refuses ? 'nobody-gets-in' : 'account', message, CHANGE),
  );
}

const CHANGE =
  'change the account JWT with nsc edit account (or nats auth account edit), and push it';

function describe({ kind, signingKeys }: AccountSpec, issuer: string, servers: number): string {
  const keys =
    kind === 'managed' ? 'nats-sts adds its keys' : `lists all ${signingKeys.length} given keys`;
  return `known, issued by ${issuer}, ${keys} (${servers} server${servers === 1 ? '' : 's'})`;
}

/** The operator keys that account JWTs may be signed with: ours, or those that the servers trust. */
function trustedBy({ nats }: Config, { varz }: Asked): TrustedIssuers | undefined {
  const jwts =
    nats.operatorJwt === undefined
      ? [...varz.values()].flatMap(({ trusted_operators_jwt: jwts = [] }) => jwts)
      : [nats.operatorJwt];
  const issuers = jwts.flatMap((jwt) => {
    const trust = trustOfOperator(jwt);
    return trust instanceof NotTrusted ? [] : [...trust];
  });
  return issuers.length > 0 ? new Set(issuers) : undefined;
}

function resolverFindings(
  { accounts }: Config,
  { present, stores, refused, inboxRefused }: Asked,
): Finding[] {
  const cannotTell =
    inboxRefused || [...refused].some((subject) => subject.endsWith('.CLAIMS.LOOKUP'));
  if (cannotTell || present.size === 0) return [];
  const { ok, note, problem } = findingsOf('nats.servers', 'account JWT store of the servers');
  if (stores >= present.size)
    return [ok('resolver', `a resolver of type full on ${counted(present.size)}`)];
  const found = `${stores} of ${counted(present.size)} with a resolver of type full; others have cache, MEMORY or a URL`;
  return accounts.some(({ kind }) => kind === 'managed')
    ? [problem('resolver', found, FULL)]
    : [note('resolver', `${found}, which accept no pushes`)];
}

const FULL =
  'configure resolver: {type: full, dir: …} on every server, which managed accounts need, or give the account signingKeys';

function counted(servers: number): string {
  return `${servers} server${servers === 1 ? '' : 's'}`;
}
