import { errors } from '@nats-io/transport-node';
import { type Answers, type AskOptions, askServers, type Question } from './ask-servers.ts';
import { ResolverUnreachable } from '../resolver.ts';
import { PING, ROUTEZ } from './permissions.ts';
import { notPermittedSentence } from '../../connection/lasting-connection.ts';
import { SYSTEM_USER, type SystemConnection } from './connection.ts';

/** The part of the system connection that asking takes. */
export type SystemAccess = Pick<SystemConnection, 'current' | 'notPermitted'>;

/**
 * `askServers` over a connection that may be down. Throws `ResolverUnreachable`, whose message tells
 * the operator why: no connection, no answer, or a subject that the user may not use.
 */
export async function askSystem<Name extends string>(
  system: SystemAccess,
  questions: Readonly<Record<Name, Question>>,
  options: AskOptions = {},
): Promise<Answers<Name>> {
  const connection = system.current();
  if (typeof connection === 'string') throw new ResolverUnreachable(connection);
  let answers: Answers<Name>;
  try {
    answers = await askServers(connection, questions, options);
  } catch (cause) {
    throw new ResolverUnreachable(
      cause instanceof errors.PermissionViolationError
        ? notPermittedSentence(SYSTEM_USER, cause.operation, cause.subject)
        : 'the connection to NATS was lost',
      { cause },
    );
  }
  const subjects = [PING, ROUTEZ, ...Object.values<Question>(questions).map((q) => q.subject)];
  const refused = subjects.map((subject) => system.notPermitted(subject)).find(Boolean);
  if (refused !== undefined) throw new ResolverUnreachable(refused);
  if (answers.present.size > 0) return answers;
  throw new ResolverUnreachable(
    'no server answers: NATS hangs, or the user of the system creds does not belong to the system account',
  );
}
