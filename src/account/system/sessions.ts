import { z } from 'zod';
import { decodeJwt } from '../../nats/jwt.ts';
import { Malformed } from '../../nats/malformed.ts';
import { askSystem, type SystemAccess } from './ask-system.ts';
import { CONNZ } from './permissions.ts';

/** A live connection of an account's user. */
export interface Session {
  /** Public user nkey, `U…`. */
  readonly user: string;
  /** The key that signed the user's JWT, `A…`. */
  readonly signingKey: string | undefined;
  /** Name of the server that it is connected to. */
  readonly server: string;
}

/**
 * Who is connected. Both read in portions, so that who comes and goes meanwhile may be missed or
 * counted twice; servers that hang are left out. They throw `ResolverUnreachable`, and take some
 * milliseconds a thousand connections, 2 s a portion when a server hangs.
 */
export interface Sessions {
  /** `account`: `A…` */
  of(account: string): AsyncIterable<Session>;
  /** Number of them; with `users` (public nkeys) of those only. */
  count(account: string, users?: ReadonlySet<string>): Promise<number>;
}

/** Connections a server tells at once; each takes one or two kilobytes. */
const PORTION = 512;

export function systemSessions({
  system,
  portion = PORTION,
}: {
  readonly system: SystemAccess;
  readonly portion?: number;
}): Sessions {
  async function* of(account: string): AsyncGenerator<Session> {
    for (let offset = 0, total = 1; offset < total; offset += portion) {
      const body = JSON.stringify({
        auth: true,
        acc: account,
        sort: 'cid',
        limit: portion,
        offset,
      });
      const answers = await askSystem(system, { connz: { subject: CONNZ, body } });
      total = 0;
      for (const [id, { data }] of answers.to('connz')) {
        const server = connz.safeParse(data).data;
        total = Math.max(total, server?.total ?? 0);
        const name = answers.present.get(id)?.name ?? id;
        for (const connection of server?.connections ?? []) yield session(connection, name);
      }
    }
  }
  return {
    of,
    async count(account, users) {
      let count = 0;
      for await (const { user } of of(account)) if (users?.has(user) ?? true) count += 1;
      return count;
    },
  };
}

const connz = z.object({
  total: z.number(),
  connections: z
    .array(
      z.object({
        authorized_user: z.string().catch(''),
        jwt: z.string().optional(),
        issuer_key: z.string().optional(),
      }),
    )
    .nullish(),
});

type Connection = NonNullable<z.infer<typeof connz>['connections']>[number];

/** `authorized_user` may be what the client said of itself: the JWT knows. */
function session({ authorized_user, jwt, issuer_key }: Connection, server: string): Session {
  const claims = jwt === undefined ? undefined : decodeJwt(jwt);
  if (!claims || claims instanceof Malformed) {
    return { user: authorized_user, signingKey: issuer_key, server };
  }
  return { user: claims.sub, signingKey: claims.iss, server };
}
