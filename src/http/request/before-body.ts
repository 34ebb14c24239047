import type { FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { MaybeLater, RouteDeps } from '../deps.ts';
import { shownNames } from '../refusals/shown-names.ts';

/** Refuses callers over the rate limit, and parameters in the URL, before the body is read. */
export function refusalBeforeBody(
  { limitAddress }: Pick<RouteDeps, 'limitAddress'>,
  request: FastifyRequest,
): MaybeLater<Refusal | undefined> {
  const tooMany = limitAddress(request);
  return tooMany instanceof Promise
    ? tooMany.then((refusal) => refusal ?? refuseQuery(request))
    : (tooMany ?? refuseQuery(request));
}

/**
 * If a parameter were ignored, a caller could rely on it and get something else: `?role=` would get
 * another role. And URLs end up in logs (RFC 6750 §5.3).
 */
function refuseQuery({ query, method }: FastifyRequest): Refusal | undefined {
  const names = Object.keys(query as object);
  if (names.length === 0) return undefined;
  const shown = shownNames(names, 'all parameters');
  const instead = method === 'GET' ? `leave out ${shown}` : `send ${shown} in the body`;
  return new Refusal('parameter_invalid', `This route takes no query parameters: ${instead}.`);
}
