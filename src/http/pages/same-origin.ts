import type { FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';

/**
 * Checks that a form that changes something comes from one of our pages: browsers say so in a header
 * that no page can set (Fetch Metadata), older ones in `Origin` (RFC 6454 §7). A request with neither
 * is refused.
 */
export function checkSameOrigin(request: FastifyRequest, publicUrl: string): Refusal | undefined {
  const { origin: expected } = new URL(publicUrl);
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (site === undefined ? origin === expected : site === 'same-origin') return undefined;
  return new Refusal(
    'cross_site',
    `This form was not sent from a page of this service. Start again at ${expected}.`,
  );
}
