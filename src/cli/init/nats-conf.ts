import type { Trust } from './trust.ts';

/**
 * A nats-server configuration that trusts our operator. Relative paths in such a file mean the
 * server's working directory, so directories are absolute.
 */
export function natsConf(options: {
  readonly trust: Trust;
  readonly port: number;
  readonly jwtDirectory: string;
  /** Absent: no JetStream. */
  readonly jetstreamDirectory?: string;
}): string {
  const { trust, port, jwtDirectory, jetstreamDirectory } = options;
  const { operator, system, application } = trust;
  return `# A NATS server in operator mode. The JWTs in here are public; the keys behind them are in keys/.

# Loopback only. Before you listen on a network, add a tls block.
listen: "127.0.0.1:${port}"

operator: ${operator.jwt}
system_account: ${system.publicKey}
${jetstreamDirectory === undefined ? '' : jetstream(jetstreamDirectory)}
# Account JWTs live in this directory. A user of the system account (keys/sys.creds) can push newer
# ones to a running server.
resolver: {
  type: full
  dir: ${quoted(jwtDirectory)}
  allow_delete: true
  interval: "2m"
}

# What the directory begins with. Newer JWTs that were pushed later win over these.
resolver_preload: {
  # ${system.name}
  ${system.publicKey}: ${system.jwt}
  # ${application.name}
  ${application.publicKey}: ${application.jwt}
}
`;
}

/** Room for what `createTrust` allows the account, and as much again for others. */
function jetstream(directory: string): string {
  return `
# Streams are kept here. What an account may use of it is in its JWT.
jetstream: {
  store_dir: ${quoted(directory)}
  max_memory_store: 256MB
  max_file_store: 10GB
}
`;
}

/** A double-quoted string, whose backslash escapes are those of JSON where a path needs them. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
