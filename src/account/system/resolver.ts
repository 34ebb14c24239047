import { z } from 'zod';
import type { Answer, Answers, Question } from './ask-servers.ts';
import { askSystem, type SystemAccess } from './ask-system.ts';
import type { AccountResolver, PushReply, ServerView } from '../resolver.ts';
import { Roster } from './roster.ts';
import { ACCOUNTZ, CLAIMS_UPDATE, claimsLookup } from './permissions.ts';

/** The servers, by way of their system account. */
export function systemResolver({ system }: { readonly system: SystemAccess }): AccountResolver {
  const roster = new Roster();
  const ask = <Name extends string>(questions: Readonly<Record<Name, Question>>) =>
    askSystem(system, questions, { silentBefore: roster.silent });
  return {
    async look(account) {
      const answers = await ask({
        applied: { subject: ACCOUNTZ, body: JSON.stringify({ account }) },
        stored: { subject: claimsLookup(account), anonymous: true },
      });
      const silent = roster.update(answers, performance.now());
      const stored = answers.texts('stored');
      return {
        servers: [
          ...present(answers, 'applied'),
          ...[...silent].map(([id, name]) => ({ id, name, state: 'silent' }) as const),
        ],
        stored: stored.filter((jwt) => jwt !== ''),
        ...(stored.includes('') && { emptyStores: stored.filter((jwt) => jwt === '').length }),
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

const accountz = z.object({
  account_detail: z.object({ jwt: z.string(), expired: z.boolean().catch(false) }),
});

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
  if (!applied.success) return { ...server, state: 'not-loaded' };
  const { jwt, expired } = applied.data.account_detail;
  return { ...server, state: 'applied', jwt, ...(expired && { expired }) };
}

const update = z.object({ code: z.number(), message: z.string().catch('') });

function pushReply(server: string, { data, error }: Answer): PushReply {
  const { code, message } = update.safeParse(data).data ?? {
    code: error?.code ?? 0,
    message: error?.description ?? '',
  };
  return { server, code, message };
}
