/** What programs rely on of the pages, for openapi.yaml. The routes check more than a schema can, and answer with pages. */

const page = (description: string) => ({
  description,
  content: { 'text/html': { schema: { type: 'string' } } },
});

/** What is only described, and not validated by Fastify. */
const described = { validatorCompiler: () => () => true };

const text = (description: string) => ({ type: 'string', description });

export const authorizeSchema = {
  ...described,
  schema: {
    operationId: 'authorize',
    summary: 'Ask a person to hand over a credential (RFC 6749 §4.1.1, RFC 7636, RFC 8252)',
    description:
      'Opened in a browser: the person signs in, sees what is asked for, and agrees or not. The answer comes to `redirect_uri`, with `iss` (RFC 9207). A request whose client, redirect URI or key is not in order is answered with a page, never with a redirect.',
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
        state: text('At most 256 characters; comes back as it is.'),
        code_challenge: text('SHA-256 of the verifier, base64url.'),
        code_challenge_method: { type: 'string', enum: ['S256'] },
        nkey: text('Public user nkey (`U…`) that the credential will be for.'),
        scope: text('The role; left out: the person chooses.'),
        ttl: text('Wanted lifetime in seconds.'),
        program: text('What the program calls itself and its machine; the person reads it.'),
      },
    },
    response: {
      200: page('The question'),
      303: { description: 'To sign in, or back to the program with an error', type: 'null' },
      '4xx': page('Why not'),
      '5xx': page('Why not'),
    },
  },
};

export const credentialsSchema = {
  ...described,
  schema: {
    operationId: 'downloadCredential',
    summary: 'A credential of the person who is signed in, as a file',
    description:
      'For the form of the page: with its session cookie, from its own origin (`Sec-Fetch-Site` or `Origin`).',
    security: [{ session: [] }],
    consumes: ['application/x-www-form-urlencoded'],
    body: {
      type: 'object',
      properties: {
        role: text('Left out: the first that the policy gives.'),
        ttl: text('Wanted lifetime in seconds.'),
      },
    },
    response: {
      200: {
        description: 'A `.creds` file',
        content: { 'application/octet-stream': { schema: { type: 'string' } } },
      },
      '4xx': page('Why not'),
      '5xx': page('Why not'),
    },
  },
};
