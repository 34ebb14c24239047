#!/usr/bin/env bash
# nats-server v2.15.2: a KICK that is published without a reply subject is ignored, without a word to the publisher or in the log.
#
# $SYS.REQ.SERVER.<id>.KICK with {"cid": n} closes a client's connection. The same message without a reply subject does
# nothing, although whoever closes a connection needs no answer: only a request works.
#
# Needs node 20 or later, npm, go and a module proxy.
set -euo pipefail

work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
GOBIN="$work/bin" go install github.com/nats-io/nats-server/v2@v2.15.2 2>install.log || { cat install.log; exit 1; }
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @nats-io/transport-node@3.4.0
cat >nats.conf <<'CONF'
listen: "127.0.0.1:-1"
accounts: {
  SYS: { users: [{ user: sys, password: sys }] }
  APP: { users: [{ user: app, password: app }] }
}
system_account: SYS
CONF
"$work/bin/nats-server" -c nats.conf 2>log &
pid=$!
for _ in $(seq 600); do
  grep -q 'Server is ready' log && break
  sleep 0.1
done
port=$(grep -o 'Listening for client connections on 127.0.0.1:[0-9]*' log | grep -o '[0-9]*$')
cat >kick.mjs <<'JS'
import { connect } from '@nats-io/transport-node';

const servers = `127.0.0.1:${process.argv[2]}`;
const system = await connect({ servers, user: 'sys', pass: 'sys' });
const app = await connect({ servers, user: 'app', pass: 'app', reconnect: false });
const { server_id: server, client_id: cid } = app.info;
const subject = `$SYS.REQ.SERVER.${server}.KICK`;
const kick = JSON.stringify({ cid });
// The server has handled what was published before it answers a later request of the same connection.
const isOpen = async () => {
  await system.request(`$SYS.REQ.SERVER.${server}.VARZ`);
  return Promise.race([app.closed().then(() => false), app.flush().then(() => true, () => false)]);
};

system.publish(subject, kick);
console.log('open after KICK without a reply subject:', await isOpen());
await system.request(subject, kick);
await app.closed();
console.log('open after KICK as a request:', await isOpen());
await system.close();
JS
node kick.mjs "$port" | tee seen.txt
"$work/bin/nats-server" --version

# Expected: closed in both cases. Seen: only the request closes it.
grep -q 'without a reply subject: true' seen.txt && grep -q 'as a request: false' seen.txt || { echo 'this has changed'; exit 1; }
