import type { Trust } from './trust.ts';

/**
 * A nats-server configuration that trusts our operator. Directories are absolute, because relative ones start at
 * the server's working directory.
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
  return `# A NATS server in operator mode. The JWTs in this file are public; their keys are in keys/.

# Loopback only. Before you listen on a network, add a tls block.
listen: "127.0.0.1:${port}"

operator: ${operator.jwt}
system_account: ${system.publicKey}
${jetstreamDirectory === undefined ? '' : jetstream(jetstreamDirectory)}
# The server keeps account JWTs in this directory. A system account user (keys/sys.creds) can push newer
# ones to a running server.
resolver: {
  type: full
  dir: ${quoted(jwtDirectory)}
  allow_delete: true
  interval: "2m"
}

# The first content of that directory. Newer JWTs that are pushed later replace these.
resolver_preload: {
  # ${system.name}
  ${system.publicKey}: ${system.jwt}
  # ${application.name}
  ${application.publicKey}: ${application.jwt}
}
`;
}

/** Twice what `createTrust` allows the account. */
function jetstream(directory: string): string {
  return `
# Streams are stored here. The JWT of an account says how much it may use.
jetstream: {
  store_dir: ${quoted(directory)}
  max_memory_store: 256MB
  max_file_store: 10GB
}
`;
}

/** A double-quoted string. The escapes that a path needs are the same as in JSON. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
