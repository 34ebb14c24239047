import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { type Answer, type Answers, askServers, type Question } from './ask-servers.ts';
import { type AccountResolver, type PushReply, ResolverUnreachable } from './resolver.ts';
import { Roster } from './roster.ts';
import { ACCOUNTZ, CLAIMS_UPDATE, claimsLookup } from './subjects.ts';
import type { SystemConnection } from './system-connection.ts';
import type { ServerView } from './view.ts';

/** The servers, by way of their system account. */
export function systemResolver({
  system,
}: {
  readonly system: Pick<SystemConnection, 'current' | 'notPermitted'>;
}): AccountResolver {
  const roster = new Roster();
  const ask = <Name extends string>(questions: Readonly<Record<Name, Question>>) =>
    reached(system, (connection) =>
      askServers(connection, questions, { silentBefore: roster.silent }),
    );
  return {
    async look(account) {
      const answers = await ask({
        applied: { subject: ACCOUNTZ, body: JSON.stringify({ account }) },
        stored: { subject: claimsLookup(account), anonymous: true },
      });
      const silent = roster.update(answers, performance.now());
      return {
        servers: [
          ...present(answers, 'applied'),
          ...[...silent].map(([id, name]) => ({ id, name, state: 'silent' }) as const),
        ],
        stored: answers.texts('stored').filter((jwt) => jwt !== ''),
      };
    },
    async push(jwt) {
      const answers = await ask({ update: { subject: CLAIMS_UPDATE, body: jwt } });
      return [...answers.to('update')].map(([id, answer]) =>
        pushReply(answers.present.get(id)?.name ?? id, answer),
      );
    },
  };
}

/** Runs `ask`; turns "no connection" and "no answer" into the one error of the port. */
export async function reached<T extends Pick<Answers<never>, 'present'>>(
  system: Pick<SystemConnection, 'current' | 'notPermitted'>,
  ask: (connection: NatsConnection) => Promise<T>,
): Promise<T> {
  const connection = system.current();
  if (typeof connection === 'string') throw new ResolverUnreachable(connection);
  let answers: T;
  try {
    answers = await ask(connection);
  } catch (cause) {
    throw new ResolverUnreachable('the connection to NATS broke off', { cause });
  }
  if (answers.present.size > 0) return answers;
  throw new ResolverUnreachable(
    system.notPermitted() ??
      'no server answers: either NATS hangs, or the user of the system creds is not one of the system account',
  );
}

const accountz = z.object({ account_detail: z.object({ jwt: z.string() }) });

function present<Name extends string>(answers: Answers<Name>, question: Name): ServerView[] {
  return [...answers.present.values()].map(({ id, name }) =>
    serverView({ id, name }, answers.to(question).get(id)),
  );
}

function serverView(
  server: Pick<ServerView, 'id' | 'name'>,
  answer: Answer | undefined,
): ServerView {
  if (!answer) return { ...server, state: 'silent' };
  const applied = accountz.safeParse(answer.data);
  return applied.success
    ? { ...server, state: 'applied', jwt: applied.data.account_detail.jwt }
    : { ...server, state: 'not-loaded' };
}

const update = z.object({ code: z.number(), message: z.string().catch('') });

function pushReply(server: string, { data, error }: Answer): PushReply {
  const { code, message } = update.safeParse(data).data ?? {
    code: error?.code ?? 0,
    message: error?.description ?? '',
  };
  return { server, code, message };
}
