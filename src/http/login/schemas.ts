/** The parts of pages that programs rely on, for openapi.yaml. The routes check more than a schema can, and answer with pages. */

const page = (description: string) => ({
  description,
  content: { 'text/html': { schema: { type: 'string' } } },
});

/** Described only; Fastify does not validate it. */
const described = { validatorCompiler: () => () => true };

const text = (description: string) => ({ type: 'string', description });

export const authorizeSchema = {
  ...described,
  schema: {
    operationId: 'authorize',
    summary: 'Ask the user for a credential (RFC 6749 §4.1.1, RFC 7636, RFC 8252)',
    description:
      'Open in a browser: the user signs in, sees what is requested, and agrees or refuses. The answer goes to `redirect_uri`, with `iss` (RFC 9207). If the client, redirect URI or key is invalid, the answer is a page, never a redirect.',
    querystring: {
      type: 'object',
      required: [
        'response_type',
        'client_id',
        'redirect_uri',
        'state',
        'code_challenge',
        'code_challenge_method',
        'nkey',
      ],
      properties: {
        response_type: { type: 'string', enum: ['code'] },
        client_id: { type: 'string', enum: ['nats-sts'] },
        redirect_uri: text('`http://127.0.0.1:PORT/callback` or `http://[::1]:PORT/callback`.'),
        state: text('At most 256 characters; returned unchanged.'),
        code_challenge: text('SHA-256 of the verifier, base64url-encoded.'),
        code_challenge_method: { type: 'string', enum: ['S256'] },
        nkey: text('Public user nkey (`U…`) for which the credential is issued.'),
        scope: text('The role. Default: the user chooses.'),
        ttl: text('Requested lifetime in seconds.'),
        program: text('Name of the program and its machine, shown to the user.'),
      },
    },
    response: {
      200: page('The page that asks'),
      303: { description: 'To sign-in, or back to the program with an error', type: 'null' },
      '4xx': page('Refused'),
      '5xx': page('Refused'),
    },
  },
};

export const credentialsSchema = {
  ...described,
  schema: {
    operationId: 'downloadCredential',
    summary: 'A credential of the signed-in user, as a file',
    description:
      'For the form on the start page: needs its session cookie, from its own origin (`Sec-Fetch-Site` or `Origin`).',
    security: [{ session: [] }],
    consumes: ['application/x-www-form-urlencoded'],
    body: {
      type: 'object',
      properties: {
        role: text('Default: the first role that the policy grants.'),
        ttl: text('Requested lifetime in seconds.'),
      },
    },
    response: {
      200: {
        description: 'A `.creds` file',
        content: { 'application/octet-stream': { schema: { type: 'string' } } },
      },
      '4xx': page('Refused'),
      '5xx': page('Refused'),
    },
  },
};
