import type { FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { RouteDeps } from '../deps.ts';
import { shownNames } from '../refusals/shown-names.ts';

/** Refuses, before a body is read, callers that come too often and parameters in the URL. */
export async function refusalBeforeBody(
  { limitAddress }: Pick<RouteDeps, 'limitAddress'>,
  request: FastifyRequest,
): Promise<Refusal | undefined> {
  return (await limitAddress(request)) ?? refuseQuery(request);
}

/**
 * A parameter that is ignored is one that somebody relies on: `?role=` would get another role. And
 * what is in a URL ends up in logs (RFC 6750 §5.3).
 */
function refuseQuery({ query, method }: FastifyRequest): Refusal | undefined {
  const names = Object.keys(query as object);
  if (names.length === 0) return undefined;
  const shown = shownNames(names, 'parameters');
  const instead = method === 'GET' ? 'leave out' : 'send in the body';
  return new Refusal(
    'parameter_invalid',
    `This route takes no query parameters: ${instead} ${shown}.`,
  );
}
