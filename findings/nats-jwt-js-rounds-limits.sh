#!/usr/bin/env bash
# @nats-io/jwt 0.0.11: an account JWT that is decoded and encoded again loses its 64-bit limits; nats-server v2.15.2 may reject the result.
#
# Limits are int64 in the Go library and in the server, and nsc takes any (`nsc edit account --js-disk-storage`). decode()
# reads them with JSON.parse, so what is beyond 2^53 comes back rounded: 9007199254740993 as ...992, and the largest int64
# as 9223372036854776000, which no int64 holds. Changing an account (decode, change, encodeAccount) then makes a JWT that
# the server cannot parse, or one with other limits than before.
#
# Needs node 20 or later, npm, go and a module proxy.
set -euo pipefail

work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
GOBIN="$work/bin" go install github.com/nats-io/nats-server/v2@v2.15.2 2>install.log || { cat install.log; exit 1; }
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @nats-io/jwt@0.0.11 @nats-io/nkeys@2.0.3
cat >make.mjs <<'JS'
import { writeFileSync } from 'node:fs';
import { decode, encodeAccount, encodeOperator } from '@nats-io/jwt';
import { createAccount, createOperator } from '@nats-io/nkeys';

const operator = createOperator();
const account = createAccount();
const id = account.getPublicKey();
const base64url = (bytes) => Buffer.from(bytes).toString('base64url');
const nats = `{"limits":{"conn":-1,"subs":-1,"disk_storage":9223372036854775807,"mem_storage":9007199254740993},"type":"account","version":2}`;
const claims = `{"jti":"x","iat":1790000000,"iss":"${operator.getPublicKey()}","sub":"${id}","name":"APP","nats":${nats}}`;
const signed = `${base64url('{"typ":"JWT","alg":"ed25519-nkey"}')}.${base64url(claims)}`;
const before = `${signed}.${base64url(operator.sign(Buffer.from(signed)))}`;

const decoded = decode(before);
decoded.nats.description = 'changed';
const after = await encodeAccount(decoded.name, account, decoded.nats, { signer: operator });
console.log('limits after decode:', JSON.stringify(decoded.nats.limits));
const operatorJwt = await encodeOperator('O', operator);
for (const [name, jwt] of Object.entries({ before, after })) {
  writeFileSync(
    `${name}.conf`,
    `listen: "127.0.0.1:-1"\noperator: ${operatorJwt}\nresolver: MEMORY\nresolver_preload: { ${id}: ${jwt} }\n`,
  );
}
JS
node make.mjs | tee limits.txt

# Prints ready, or why the server did not start. Ends within 60 s.
start() {
  "$work/bin/nats-server" -c "$1" 2>log &
  pid=$!
  for _ in $(seq 600); do
    grep -q 'Server is ready' log && { echo ready; break; }
    kill -0 "$pid" 2>/dev/null || { grep -o 'cannot unmarshal.*' log || cat log; break; }
    sleep 0.1
  done
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  pid=
}
before=$(start before.conf)
after=$(start after.conf)
"$work/bin/nats-server" --version
echo "with the JWT before: $before"
echo "with the JWT after: $after"

# Expected: the same limits; ready and ready. Seen: rounded limits; ready and a refusal.
grep -q '"disk_storage":9223372036854776000,"mem_storage":9007199254740992' limits.txt || { echo 'this has changed'; exit 1; }
[ "$before" = ready ] && [ "$after" != ready ] || { echo 'this has changed'; exit 1; }
