import { stringify } from 'yaml';
import { jsonLine } from '../terminal.ts';

/** The first issuer, as the configuration has it under `issuers`. */
export interface StarterIssuer {
  /** Key under `issuers`. */
  readonly name: string;
  readonly settings: Readonly<Record<string, string | boolean>>;
}

/** Files of a managed account, relative to the configuration. */
export interface Managing {
  readonly operatorJwtFile: string;
  readonly operatorSigningKeyFile: string;
  readonly systemCredsFile: string;
  readonly sealingKeyFile: string;
}

export interface StsYamlOptions {
  readonly port: number;
  /** NATS URLs. */
  readonly servers: readonly string[];
  /** The application account, and the file of its signing key, relative to the configuration, if it has one. */
  readonly account: {
    readonly name: string;
    readonly publicKey: string;
    readonly signingKeyFile?: string;
  };
  /** Present: nats-sts makes the account's signing keys. */
  readonly managing?: Managing;
  /** Whether the account has JetStream, and the starter role may use it. */
  readonly jetstream?: boolean;
  readonly issuer: StarterIssuer;
  /** Claim → value that a subject token needs. Empty: no binding is written. */
  readonly match: Readonly<Record<string, string>>;
  /** The same for administrators. */
  readonly admin: Readonly<Record<string, string>>;
}

/** The first configuration: small, commented, and yours to edit. */
export function stsYaml(options: StsYamlOptions): string {
  const { port, account } = options;
  return `# nats-sts: who gets which NATS credential. Paths are relative to this file.
# After a change: nats-sts check --config sts.yaml

# Loopback only. To listen on a network, add tls: or behindProxy: here.
listen: { host: 127.0.0.1, port: ${port} }
# publicUrl: https://sts.example.com

${nats(options)}

${store(options)}

accounts:
  ${account.name}:
    publicKey: ${account.publicKey}
${signing(options)}

# The issuers that nats-sts trusts. It rejects the tokens of any other.
${issuers(options)}

# What a credential allows, and for how long. Everything else is denied.
roles:
  starter:
    account: ${account.name}
${starterPublish(options)}
    # Replies to requests arrive at _INBOX.>.
    subscribe: { allow: ["app.>", "_INBOX.>"] }
    maxTtl: 15m

# Who gets which role: the first match that lists the requested role decides. Without a match, no credential.
${bindings(options)}

# Who may list and rotate signing keys, and revoke: nats-sts keys, nats-sts revoke.
${admin(options)}
`;
}

function starterPublish({ jetstream = false }: StsYamlOptions): string {
  if (!jetstream) return '    publish: { allow: ["app.>"] }';
  return `    # The $JS subjects let the role create, read and delete every stream of the account. Remove them from roles that need less.
    publish: { allow: ["app.>", $JS.API.INFO, "$JS.API.STREAM.>", "$JS.API.CONSUMER.>", "$JS.ACK.>"] }`;
}

function nats({ servers, managing }: StsYamlOptions): string {
  const head = `nats:
  servers: [${servers.map((server) => JSON.stringify(server)).join(', ')}]`;
  if (!managing) return head;
  const { operatorJwtFile, operatorSigningKeyFile, systemCredsFile } = managing;
  return `${head}
  # nats-sts publishes the signing keys of the account with these. Before you expose it to a network, move
  # operatorSigningKey to a separate configuration for nats-sts rotator.
  operator: { file: ${text(operatorJwtFile)} }
  operatorSigningKey: { file: ${text(operatorSigningKeyFile)} }
  system: { creds: ${text(systemCredsFile)} }`;
}

function store({ managing }: StsYamlOptions): string {
  const sqlite = 'store: { sqlite: ./data/sts.db }';
  if (!managing) return sqlite;
  return `${sqlite}
# Encrypts the signing keys in the store, which are lost without it: keep a copy elsewhere.
sealingKey: { file: ${text(managing.sealingKeyFile)} }`;
}

function signing({ account: { signingKeyFile } }: StsYamlOptions): string {
  if (signingKeyFile === undefined) {
    return `    # nats-sts creates signing keys, adds them to the account's JWT, and rotates them this often.
    rotation: { every: 30d }`;
  }
  return `    # The account's JWT lists this key, so NATS accepts the users that it signs.
    signingKeys: [{ file: ${text(signingKeyFile)} }]`;
}

function issuers({ issuer }: StsYamlOptions): string {
  const settings = Object.entries(issuer.settings).map(
    ([key, value]) => `    ${key}: ${typeof value === 'string' ? text(value) : value}`,
  );
  return `issuers:
  ${issuer.name}:
${settings.join('\n')}
  # GitHub Actions: the audience that the job requests for its token.
  # github: { preset: github-actions, audience: https://sts.example.com }
  # Microsoft Entra: your tenant, and the app registration of nats-sts.
  # entra: { preset: entra, tenant: 00000000-0000-0000-0000-000000000000, audience: api://nats-sts }
  # Add login: { clientId: …, clientSecret: { env: ENTRA_SECRET } } to let people sign in with a browser.
  # Kubernetes: \`kubectl get --raw /.well-known/openid-configuration\` shows the issuer.
  # cluster: { preset: kubernetes, issuer: https://kubernetes.example.com, audience: nats-sts }`;
}

function bindings({ issuer, match }: StsYamlOptions): string {
  if (Object.keys(match).length > 0) {
    return `bindings:
  - name: first
    issuer: ${issuer.name}
    match:
${conditions(match)}
    roles: [starter]`;
  }
  return `bindings: []
# bindings:
#   - name: your first binding
#     issuer: ${issuer.name}
#     match:
#       # Claims of the token. GitHub: repository_owner_id; Kubernetes: sub; Entra: oid or groups.
#       sub: "the sub claim of the caller"
#     roles: [starter]`;
}

function admin({ issuer, admin }: StsYamlOptions): string {
  if (Object.keys(admin).length > 0) {
    return `admin:
  - issuer: ${issuer.name}
    match:
${conditions(admin)}`;
  }
  return `# admin:
#   - issuer: ${issuer.name}
#     match: { groups: nats-operators }`;
}

function conditions(match: Readonly<Record<string, string>>): string {
  return Object.entries(match)
    .map(([claim, value]) => `      ${text(claim)}: ${text(value)}`)
    .join('\n');
}

/**
 * The text as a YAML scalar on one line: bare if YAML reads that as the same text, else as JSON, which YAML 1.2
 * includes (§1.3).
 */
function text(value: string): string {
  const bare = stringify(value, { lineWidth: 0 }) === `${value}\n`;
  return bare ? value : jsonLine(value).trimEnd();
}
