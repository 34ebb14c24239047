import type { FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { DpopProof } from '../../identity/verify.ts';

/** A subject token as received, with its DPoP proof if there is one. */
export interface PresentedToken {
  readonly token: string;
  readonly proof: DpopProof | undefined;
}

const MISSING = new Refusal(
  'token_missing',
  'Send the subject token as "Authorization: Bearer TOKEN", or as "token" in a JSON body.',
);

const REPEATED = new Refusal('parameter_repeated', 'Send one Authorization header.');

/** The subject token of a request: in the Authorization header (RFC 6750 §2.1) or in the body, not in both. */
export function presentedToken(
  request: FastifyRequest,
  bodyToken: string | undefined,
  publicUrl: string,
): PresentedToken | Refusal {
  // Node keeps the first of several; a proxy may have checked another one.
  if (hasTwo(request.raw.rawHeaders, 'authorization')) return REPEATED;
  const header = authorization(request.headers.authorization);
  if (header instanceof Refusal) return header;
  if (header !== undefined && bodyToken !== undefined) {
    return new Refusal(
      'parameter_repeated',
      'Send the token either in the Authorization header or in the body, not in both.',
    );
  }
  // A token read from a file ends with a line break.
  const token = header?.token ?? bodyToken?.trim();
  if (token === undefined || token === '') return MISSING;
  const proof = dpopProof(request, publicUrl);
  if (header?.scheme === 'dpop' && !proof) {
    return new Refusal('proof_required', 'The DPoP scheme needs a proof in the DPoP header.');
  }
  return { token, proof };
}

/** Whether a header was sent more than once. `rawHeaders`: names and values in turn. */
function hasTwo(rawHeaders: readonly string[], name: string): boolean {
  let found = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = rawHeaders[at];
    if (header?.length === name.length && header.toLowerCase() === name) found += 1;
  }
  return found > 1;
}

/** The `DPoP` header (RFC 9449 §4.1), with the method and URL that the proof must name. */
export function dpopProof(request: FastifyRequest, publicUrl: string): DpopProof | undefined {
  const jwt = request.headers.dpop;
  if (typeof jwt !== 'string') return undefined;
  return { jwt, method: request.method, url: publicUrl + request.url };
}

const CREDENTIALS = /^(Bearer|DPoP)[ \t]+([\x21-\x7E]+)[ \t]*$/i;

function authorization(
  header: string | undefined,
): { scheme: 'bearer' | 'dpop'; token: string } | Refusal | undefined {
  if (header === undefined) return undefined;
  const match = CREDENTIALS.exec(header);
  if (!match?.[1] || !match[2]) {
    return new Refusal(
      'request_malformed',
      'The Authorization header must be "Bearer TOKEN", separated by one space.',
    );
  }
  return { scheme: match[1].toLowerCase() === 'dpop' ? 'dpop' : 'bearer', token: match[2] };
}
