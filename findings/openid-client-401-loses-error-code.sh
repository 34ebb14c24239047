#!/usr/bin/env bash
# openid-client v6.8.9: a 401 of the token endpoint loses its error code if it has the header that RFC 6749 demands.
#
# RFC 6749 §5.2: of a client that tried the Authorization header, the server must answer 401 with WWW-Authenticate, and
# `error` is in the JSON body of every error. openid-client throws WWWAuthenticateChallengeError then, whose fields have the
# challenge and no error code; without the header the same body comes as ResponseBodyError with `error: invalid_client`.
# Who switches on `error` does not see a wrong client secret exactly where the server keeps to the RFC. The body can
# still be read from the error's `response`.
#
# Needs node 20 or later and npm.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund openid-client@6.8.9
cat >seen.mjs <<'JS'
import { createServer } from 'node:http';
import { once } from 'node:events';
import * as client from 'openid-client';

async function seen(headers) {
  const server = createServer((_, response) => {
    response.writeHead(401, { 'content-type': 'application/json', ...headers });
    response.end('{"error":"invalid_client"}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const config = new client.Configuration({ issuer, token_endpoint: `${issuer}/token` }, 'id', 'wrong');
  client.allowInsecureRequests(config);
  const fault = await client.clientCredentialsGrant(config).catch((fault) => fault);
  const body = fault.response.bodyUsed ? 'gone' : await fault.response.text();
  server.closeAllConnections();
  server.close();
  return `${fault.constructor.name}, error: ${fault.error}, body: ${body}`;
}
console.log('without WWW-Authenticate:', (await seen({})).split(', body')[0]);
console.log('with WWW-Authenticate:', await seen({ 'www-authenticate': 'Basic realm="x"' }));
JS
echo "openid-client 6.8.9"
node seen.mjs | tee seen.txt

# Expected: error: invalid_client in both. Seen: in the first only.
grep -q '^without WWW-Authenticate: ResponseBodyError, error: invalid_client$' seen.txt &&
  grep -q '^with WWW-Authenticate: WWWAuthenticateChallengeError, error: undefined, body: {"error":"invalid_client"}$' seen.txt ||
  { echo "this has changed"; exit 1; }
