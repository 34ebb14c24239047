import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { Session } from '../../login/session.ts';
import type { LoginDeps } from '../deps.ts';
import { formOf, repeated, text } from '../oauth/form.ts';
import { parseTtl } from '../oauth/parameters.ts';
import { commonHeaders } from '../pages/headers.ts';
import { sendRefusalPage } from '../pages/refusal-page.ts';
import { pageRoute } from '../pages/route.ts';
import { signedIn } from '../pages/session.ts';
import { addressOf } from '../request/address.ts';
import { credentialsSchema } from './schemas.ts';

/** `POST /credentials`: a role's credential as a file. Sent twice, it issues two; each expires by itself. */
export function credentialsRoute(app: FastifyInstance, deps: LoginDeps): void {
  app.post('/credentials', { ...pageRoute(deps), ...credentialsSchema }, (request, reply) =>
    signedIn(deps, request, reply, (session) => download(deps, request, reply, session)),
  );
}

async function download(
  deps: LoginDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  session: Session,
): Promise<FastifyReply> {
  const ask = parseAsk(request.body);
  if (ask instanceof Refusal) return sendRefusalPage(reply, { deps, session }, ask);
  const issued = await deps.exchange({
    door: 'login',
    requestId: request.id,
    address: addressOf(request),
    subject: { identity: session.identity },
    ask,
    admit: (identity) => deps.limitIdentity(request, identity),
  });
  if (issued instanceof Refusal) return sendRefusalPage(reply, { deps, session }, issued);
  const { grant, credential } = issued;
  commonHeaders(reply, deps.live().publicUrl);
  return (
    reply
      .header('cache-control', 'no-store')
      // Names of roles hold letters, digits, - and _.
      .header('content-disposition', `attachment; filename="${grant.role.name}.creds"`)
      .type('application/octet-stream')
      .send(credential.creds)
  );
}

function parseAsk(
  body: unknown,
): { readonly role: string; readonly ttlSeconds: number | undefined } | Refusal {
  const form = formOf(body);
  const twice = repeated(form);
  if (twice) return twice;
  const role = text(form, 'role');
  if (role === undefined) return NO_ROLE;
  if (role.length > MAX_ROLE_CHARACTERS) return NOT_A_ROLE;
  const ttlSeconds = parseTtl(form);
  return ttlSeconds instanceof Refusal ? ttlSeconds : { role, ttlSeconds };
}

/** As at `/exchange`. */
const MAX_ROLE_CHARACTERS = 128;

const NOT_A_ROLE = new Refusal(
  'parameter_invalid',
  `This is not a role: the name of a role has at most ${MAX_ROLE_CHARACTERS} characters.`,
);
const NO_ROLE = new Refusal('parameter_missing', 'Name the role that you want a credential for.');
