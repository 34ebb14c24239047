import { errors } from '@nats-io/transport-node';
import { z } from 'zod';
import type { Answers, PresentServer, Question } from '../../account/system/ask-servers.ts';
import { askSystem } from '../../account/system/ask-system.ts';
import { ResolverUnreachable } from '../../account/resolver.ts';
import {
  ACCOUNTZ,
  claimsLookup,
  CONNZ,
  PING,
  ROUTEZ,
  VARZ,
} from '../../account/system/permissions.ts';
import type { SystemConnection } from '../../account/system/connection.ts';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/config.ts';
import type { DecodedClaims } from '../../nats/jwt.ts';
import type { Policy } from '../../policy/compile.ts';

const varz = z.object({
  now: z.string(),
  version: z.string().catch(''),
  max_control_line: z.number().optional(),
  system_account: z.string().optional(),
  trusted_operators_jwt: z.array(z.string()).optional(),
});

/** What a server says about itself. */
export type Varz = z.infer<typeof varz>;

/** The answers to one request on each subject that nats-sts uses, except for pushes. */
export interface Asked {
  readonly present: ReadonlyMap<string, PresentServer>;
  /** Whether servers answer requests that only the system account may make. */
  readonly asSystem: boolean;
  /** Servers that did not answer, although others have a route to them. */
  readonly silent: readonly string[];
  /** Subjects that the user may not publish to. */
  readonly refused: ReadonlySet<string>;
  /** Whether the user may not receive the answers. */
  readonly inboxRefused: boolean;
  /** By server name. */
  readonly varz: ReadonlyMap<string, Varz>;
  /** When the servers were asked for their time, and when they answered. Milliseconds since the Unix epoch. */
  readonly begun: number;
  readonly ended: number;
  /** How many servers answered a lookup in their JWT store, even without a result. */
  readonly stores: number;
}

/** Asks about the first account: any account reveals which servers have a store. */
export async function askServersOnce(
  system: SystemConnection,
  accounts: readonly { readonly publicKey: string }[],
  clock: Clock,
): Promise<Asked> {
  const lookup = claimsLookup(accounts[0]?.publicKey ?? '');
  const questions: readonly Question[] = [
    { subject: PING },
    { subject: ROUTEZ },
    { subject: VARZ },
    { subject: ACCOUNTZ, body: JSON.stringify({ account: accounts[0]?.publicKey }) },
    { subject: CONNZ, body: JSON.stringify({ limit: 1 }) },
    { subject: lookup, anonymous: true },
  ];
  let inboxRefused = false;
  const begun = clock.now();
  let ended = begun;
  const rounds = new Map<string, Answers<'it'>>();
  await Promise.all(
    questions.map(async (question) => {
      try {
        rounds.set(question.subject, await askSystem(system, { it: question }));
      } catch (fault) {
        if (!(fault instanceof ResolverUnreachable)) throw fault;
        inboxRefused ||= isAboutInbox(fault.cause);
      }
      if (question.subject === VARZ) ended = clock.now();
    }),
  );
  const all = [...rounds.values()];
  const present = new Map(all.flatMap((answers) => [...answers.present]));
  const routed = new Map(all.flatMap((answers) => [...answers.routed]));
  const told = rounds.get(VARZ);
  return {
    present,
    asSystem: [PING, VARZ].some((subject) => (rounds.get(subject)?.to('it').size ?? 0) > 0),
    silent: [...routed].flatMap(([id, name]) => (present.has(id) ? [] : [name])),
    refused: new Set(
      questions.map(({ subject }) => subject).filter((subject) => system.notPermitted(subject)),
    ),
    inboxRefused,
    varz: new Map(
      [...(told?.to('it') ?? [])].flatMap(([id, { data }]) => {
        const read = varz.safeParse(data);
        return read.success ? [[present.get(id)?.name ?? id, read.data] as const] : [];
      }),
    ),
    begun,
    ended,
    stores: rounds.get(lookup)?.texts('it').length ?? 0,
  };
}

function isAboutInbox(cause: unknown): boolean {
  return cause instanceof errors.PermissionViolationError && cause.operation === 'subscription';
}

/** What all probes through the system account need. */
export interface SystemParts {
  readonly system: SystemConnection;
  /** Claims of the user JWT. */
  readonly user: DecodedClaims;
  readonly config: Config;
  readonly policy: Policy;
}

/** The account of a user, by its JWT. */
export function accountOf({ iss, nats }: DecodedClaims): string {
  const { issuer_account: account } = nats;
  return typeof account === 'string' && account !== '' ? account : iss;
}
