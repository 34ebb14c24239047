import type { Clock } from '../../clock.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { OAuthRefusal } from './oauth-call.ts';
import type { SignInService } from './sign-in-service.ts';
import { isOver, type StoredService } from './stored-service.ts';

/**
 * Where a session lives, of whatever role, its person need not go to the browser to read that a role
 * is not for them. Throws CliError then; where nobody knows better, the browser tells.
 */
export async function refuseIfNotGiven(
  role: string,
  stored: StoredService | undefined,
  { service, clock }: { readonly service: SignInService; readonly clock: Clock },
): Promise<void> {
  const alive = stored?.sessions.filter((session) => !isOver(session, clock)) ?? [];
  const given = await Promise.all(
    alive.map(({ refreshToken }) => rolesWith(service, refreshToken)),
  );
  const roles = new Set(given.flatMap((names) => names ?? []));
  if (given.every((names) => names === undefined) || roles.has(role)) return;
  const instead = roles.size === 0 ? 'there is no role for you' : `you may take: ${list(roles)}`;
  throw new CliError(
    ExitCode.denied,
    `you may not take ${role}; ${instead}\nTo sign in as somebody else: nats-sts login --fresh --role ${role}`,
  );
}

function list(names: ReadonlySet<string>): string {
  return [...names].join(', ');
}

/** Undefined where the session has ended, or the service does not say. */
async function rolesWith(
  service: SignInService,
  refreshToken: string,
): Promise<string[] | undefined> {
  const answer = await service.introspect(refreshToken);
  if (answer instanceof OAuthRefusal || !answer.active) return undefined;
  return answer.roles.map(({ role }) => role);
}
