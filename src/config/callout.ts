import { curvePublicKeyOfSeed } from '../nats/curve-key-pair.ts';
import { publicKeyOfSeed } from '../nats/key-pair.ts';
import { isPublicKey } from '../nats/nkeys.ts';
import type { AccountSpec, CalloutSpec, NatsLoginSpec } from './config.ts';
import { credsFileAt, type LoadContext } from './load-context.ts';
import { child } from './path.ts';
import type { LoginSettings } from './schema/callout.ts';
import { warnInline } from './secrets.ts';
import type { Settings } from './settings.ts';

type CalloutSettings = NonNullable<Settings['callout']>;

const CALLOUT = 'callout';
const CONNECT = 'callout.connect';

/** Checks what the file shows. Only the servers know whether they ask this callout, and let its user in. */
export function readCallout(
  { callout, nats }: Settings,
  accounts: readonly AccountSpec[],
  context: LoadContext,
): CalloutSpec | undefined {
  if (!callout) return undefined;
  const { account, issuer, connect, xkey = [], userName, deadline } = callout;
  if (account !== undefined) checkAccount(callout, account, accounts, context);
  if (issuer !== undefined) checkIssuer(issuer, connect, context);
  for (const [index, seed] of xkey.entries()) {
    const path =
      xkey.length > 1 || context.origins.has(`${CALLOUT}.xkey[0]`) ? `xkey[${index}]` : 'xkey';
    checkXkey(seed, child(CALLOUT, path), context);
  }
  const login = loginOf(connect, context);
  return {
    ...(account !== undefined && { account }),
    ...(issuer !== undefined && { issuerSeed: issuer }),
    login,
    servers: callout.servers ?? nats.servers,
    xkeySeeds: xkey,
    userName,
    deadlineSeconds: deadline,
  };
}

/** The refinement of the schema leaves exactly one way. */
function loginOf(
  { creds, nkey, user, password }: LoginSettings,
  context: LoadContext,
): NatsLoginSpec {
  if (creds !== undefined) return { credsFile: credsFileAt(creds, `${CONNECT}.creds`, context) };
  if (nkey !== undefined) {
    const path = `${CONNECT}.nkey`;
    const publicKey = publicKeyOfSeed(nkey);
    if (publicKey === undefined || !isPublicKey('user', publicKey)) {
      const found = publicKey === undefined ? 'is not an nkey seed' : "is not a user's seed";
      context.findings.problem(
        path,
        `${found}: give the seed of a user nkey, which begins with SU`,
      );
    }
    warnInline(path, context);
    return { nkeySeed: nkey };
  }
  warnInline(`${CONNECT}.password`, context);
  return { user: user ?? '', password: password ?? '' };
}

function checkAccount(
  { connect }: CalloutSettings,
  name: string,
  accounts: readonly AccountSpec[],
  { findings: { problem } }: LoadContext,
): void {
  const account = accounts.find((spec) => spec.name === name);
  if (connect.user !== undefined) {
    problem(
      CONNECT,
      'servers that trust an operator know no passwords: give nkey (managed account) or creds',
    );
  } else if (account?.kind === 'managed' && connect.creds !== undefined) {
    problem(
      CONNECT,
      `account ${name} is managed, so nats-sts makes the JWT of this user: give the seed of a user nkey instead, nkey: {file: ./keys/callout.nk} (nk -gen user)`,
    );
  } else if (account?.kind === 'external' && connect.nkey !== undefined) {
    problem(
      CONNECT,
      `account ${name} has signingKeys, so its operator makes this user: give creds: ./keys/callout.creds (nsc generate creds), and list the user in the account (nsc edit authcallout)`,
    );
  }
  if (account?.kind === 'external' && !account.signingKeys.some(({ role }) => role === undefined)) {
    problem(
      `accounts.${name}.signingKeys`,
      'needs a key without a role, which signs the answers of the auth callout',
    );
  }
}

function checkIssuer(seed: string, connect: LoginSettings, context: LoadContext): void {
  const path = `${CALLOUT}.issuer`;
  const publicKey = publicKeyOfSeed(seed);
  if (publicKey === undefined || !isPublicKey('account', publicKey)) {
    const found = publicKey === undefined ? 'is not an nkey seed' : "is not an account's seed";
    context.findings.problem(
      path,
      `${found}: give the seed whose public key is auth_callout.issuer, which begins with SA (nk -gen account)`,
    );
  }
  warnInline(path, context);
  if (connect.creds !== undefined) {
    context.findings.problem(
      CONNECT,
      'servers without an operator know no creds: give nkey, or user and password, as in nats-server.conf',
    );
  }
}

function checkXkey(seed: string, path: string, context: LoadContext): void {
  if (curvePublicKeyOfSeed(seed) === undefined) {
    context.findings.problem(
      path,
      'is not the seed of an xkey: give the one that begins with SX (nk -gen curve)',
    );
  }
  warnInline(path, context);
}
