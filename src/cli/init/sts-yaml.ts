import { stringify } from 'yaml';
import { jsonLine } from '../terminal.ts';

/** The issuer to begin with; as it stands under `issuers` in the configuration. */
export interface StarterIssuer {
  /** Key under `issuers`. */
  readonly name: string;
  readonly settings: Readonly<Record<string, string | boolean>>;
}

/** Files of a managed account, seen from the configuration. */
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
  /** The application account; its signing key's file, seen from the configuration, when it has one. */
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
  /** Claim → value that a subject token must have; none: no binding is written. */
  readonly match: Readonly<Record<string, string>>;
  /** The same of those who administer. */
  readonly admin: Readonly<Record<string, string>>;
}

/** The first configuration: small, commented, and to be edited by hand from here on. */
export function stsYaml(options: StsYamlOptions): string {
  const { port, account } = options;
  return `# nats-sts: who gets which NATS credential. Paths are seen from this file.
# After a change: nats-sts check --config sts.yaml

# Loopback only. Beyond it, nats-sts wants tls: or behindProxy: here.
listen: { host: 127.0.0.1, port: ${port} }
# publicUrl: https://sts.example.com

${nats(options)}

${store(options)}

accounts:
  ${account.name}:
    publicKey: ${account.publicKey}
${signing(options)}

# Who vouches for the callers. A token of any other issuer is rejected.
${issuers(options)}

# What a credential allows, and for how long. What isn't allowed here is forbidden.
roles:
  starter:
    account: ${account.name}
${starterPublish(options)}
    # _INBOX.> is where answers to requests arrive.
    subscribe: { allow: ["app.>", "_INBOX.>"] }
    maxTtl: 15m

# Who may take which role: the first binding whose conditions all hold decides. No binding, no credential.
${bindings(options)}

# Who may see and rotate signing keys, and revoke: nats-sts keys, nats-sts revoke.
${admin(options)}
`;
}

function starterPublish({ jetstream = false }: StsYamlOptions): string {
  if (!jetstream) return '    publish: { allow: ["app.>"] }';
  return `    # $JS… is JetStream: it makes, reads and deletes every stream of the account. Leave it out of roles that need less.
    publish: { allow: ["app.>", $JS.API.INFO, "$JS.API.STREAM.>", "$JS.API.CONSUMER.>", "$JS.ACK.>"] }`;
}

function nats({ servers, managing }: StsYamlOptions): string {
  const head = `nats:
  servers: [${servers.map((server) => JSON.stringify(server)).join(', ')}]`;
  if (!managing) return head;
  const { operatorJwtFile, operatorSigningKeyFile, systemCredsFile } = managing;
  return `${head}
  # With these nats-sts publishes the signing keys of the account. Before the network reaches it, move
  # operatorSigningKey to a configuration of its own, for nats-sts rotator.
  operator: { file: ${text(operatorJwtFile)} }
  operatorSigningKey: { file: ${text(operatorSigningKeyFile)} }
  system: { creds: ${text(systemCredsFile)} }`;
}

function store({ managing }: StsYamlOptions): string {
  const sqlite = 'store: { sqlite: ./data/sts.db }';
  if (!managing) return sqlite;
  return `${sqlite}
# Seals the signing keys in the store, which are worth nothing without it: keep a copy elsewhere.
sealingKey: { file: ${text(managing.sealingKeyFile)} }`;
}

function signing({ account: { signingKeyFile } }: StsYamlOptions): string {
  if (signingKeyFile === undefined) {
    return `    # nats-sts makes its signing keys, adds them to the account's JWT, and replaces them this often.
    rotation: { every: 30d }`;
  }
  return `    # Listed in the account's JWT, so NATS accepts the users that it signs.
    signingKeys: [{ file: ${text(signingKeyFile)} }]`;
}

function issuers({ issuer }: StsYamlOptions): string {
  const settings = Object.entries(issuer.settings).map(
    ([key, value]) => `    ${key}: ${typeof value === 'string' ? text(value) : value}`,
  );
  return `issuers:
  ${issuer.name}:
${settings.join('\n')}
  # GitHub Actions: the audience is what the job asks its token for.
  # github: { preset: github-actions, audience: https://sts.example.com }
  # Microsoft Entra: your tenant, and the app registration that stands for nats-sts.
  # entra: { preset: entra, tenant: 00000000-0000-0000-0000-000000000000, audience: api://nats-sts }
  # With login: { clientId: …, clientSecret: { env: ENTRA_SECRET } } in it, people sign in there with a browser.
  # Kubernetes: \`kubectl get --raw /.well-known/openid-configuration\` tells the issuer.
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
#   - name: the first of yours
#     issuer: ${issuer.name}
#     match:
#       # Claims of the token. GitHub: repository_owner_id; Kubernetes: sub; Entra: oid or groups.
#       sub: "who you mean"
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
 * Whatever it holds, YAML reads it as this text, on one line: bare where that says the same, else
 * as JSON, which YAML 1.2 reads as it is (§1.3).
 */
function text(value: string): string {
  const bare = stringify(value, { lineWidth: 0 }) === `${value}\n`;
  return bare ? value : jsonLine(value).trimEnd();
}
