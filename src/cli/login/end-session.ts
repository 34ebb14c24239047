import { CliError } from '../exit-codes.ts';
import { OAuthRefusal } from './oauth-call.ts';
import type { SignInService } from './sign-in-service.ts';
import type { StoredSession } from './stored-service.ts';

/** Ends a session at the service (RFC 7009). Undefined, or why it goes on there: a stranger's words. */
export async function endSession(
  service: SignInService,
  { refreshToken }: StoredSession,
): Promise<string | undefined> {
  try {
    const answer = await service.revoke(refreshToken);
    return answer instanceof OAuthRefusal ? answer.message : undefined;
  } catch (error) {
    if (error instanceof CliError) return error.message;
    throw error;
  }
}
