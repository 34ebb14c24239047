/**
 * Whether an account lets in the users that its signing keys sign: what its JWT says, and what the
 * servers say of it. Facts without a verdict, so that each reader judges them by its own clock.
 * An empty one says that nothing is known to keep users out.
 */
export interface AccountAdmission {
  /** Unix seconds, the JWT's `exp`: servers then disconnect every user and refuse new ones. */
  readonly expiresAt?: number;
  /** Unix seconds, the JWT's `nbf`: servers do not load it before. */
  readonly notBefore?: number;
  /** Unix seconds: users issued then or before are revoked, all of them (`revocations["*"]`). */
  readonly revokedUntil?: number;
  /** What keeps users out at any time. */
  readonly obstacles?: readonly AccountObstacle[];
}

export type AccountObstacle =
  /** The servers deleted it (`$SYS.REQ.CLAIMS.DELETE`). */
  | 'deleted'
  /** No server has its JWT. */
  | 'unknown'
  /** The servers have no JWT of it that the operator's keys signed. */
  | 'untrusted'
  /** An auth callout decides who connects, and knows nothing of these users. */
  | 'callout'
  | 'no-connections'
  | 'no-leaf-nodes'
  /** Servers close a connection that may not have one subscription. */
  | 'no-subscriptions';

/** The kinds of connection that a user is for. */
export interface ConnectionUse {
  readonly clients: boolean;
  readonly leafNodes: boolean;
}

/** A user without `allowed_connection_types` is taken for a client. */
export const CLIENTS: ConnectionUse = { clients: true, leafNodes: false };

/** Which kinds of connection a user's `allowed_connection_types` are about. */
export function connectionUse(types: readonly string[] | undefined): ConnectionUse {
  if (!types || types.length === 0) return CLIENTS;
  const isLeafNode = (type: string) => type.startsWith('LEAFNODE');
  return {
    clients: types.some((type) => !isLeafNode(type)),
    leafNodes: types.some(isLeafNode),
  };
}

/**
 * Why NATS refuses every user of the account that is issued now, as the end of a sentence; undefined
 * when nothing known keeps them out.
 */
export function whyRefused(
  { expiresAt, notBefore, revokedUntil, obstacles = [] }: AccountAdmission,
  {
    nowSeconds,
    use = CLIENTS,
    byCallout = false,
  }: {
    readonly nowSeconds: number;
    readonly use?: ConnectionUse;
    /** The user is the answer of the account's auth callout. */
    readonly byCallout?: boolean;
  },
): string | undefined {
  const always = obstacles.find(
    (obstacle) => !isOfOneKind(obstacle) && !(byCallout && obstacle === 'callout'),
  );
  if (always !== undefined) return WHY[always];
  if (expiresAt !== undefined && expiresAt <= nowSeconds) {
    return `its JWT expired at ${timeOf(expiresAt)}: push one that is valid (nsc edit account --expiry, nsc push)`;
  }
  if (notBefore !== undefined && notBefore > nowSeconds) {
    return `its JWT is not valid before ${timeOf(notBefore)}`;
  }
  if (revokedUntil !== undefined && revokedUntil >= nowSeconds) {
    return `its JWT revokes every user issued before ${timeOf(revokedUntil)} (revocations "*")`;
  }
  const clients = use.clients && !obstacles.includes('no-connections');
  const leafNodes = use.leafNodes && !obstacles.includes('no-leaf-nodes');
  if (clients || leafNodes) return undefined;
  return WHY[use.clients ? 'no-connections' : 'no-leaf-nodes'];
}

function isOfOneKind(obstacle: AccountObstacle): boolean {
  return obstacle === 'no-connections' || obstacle === 'no-leaf-nodes';
}

const WHY: Readonly<Record<AccountObstacle, string>> = {
  deleted: 'it was deleted from the servers: push its JWT again to bring it back',
  unknown: 'no server knows it: push its JWT (nsc push)',
  untrusted: 'no server has a JWT of it that the trusted operator signed',
  callout:
    'its JWT delegates every connection to an auth callout (authorization.auth_users), which does not use these credentials',
  'no-connections': 'its JWT allows no client connections (limits.conn is 0 or missing)',
  'no-leaf-nodes': 'its JWT allows no leaf node connections (limits.leaf is 0 or missing)',
  'no-subscriptions':
    'its JWT allows no subscriptions (limits.subs is 0 or missing), and servers close such connections at once',
};

function timeOf(seconds: number): string {
  // Beyond what a Date can hold, e.g. milliseconds by mistake.
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} (Unix seconds)` : date.toISOString();
}
