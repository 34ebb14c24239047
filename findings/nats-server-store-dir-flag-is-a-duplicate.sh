#!/usr/bin/env bash
# nats-server v2.15.2: --store_dir does not override store_dir of the configuration file, it makes the server refuse the file.
#
# All other options that flags and file share (--port, --addr, --pid, …) are taken from the flag: "command line
# overrides". For store_dir the flag is written into the same options before the file is read, so the one
# declaration in the file is a "Duplicate 'store_dir' configuration", and the server does not start. A file with
# jetstream { store_dir } can't be started elsewhere for a test, only edited.
#
# Needs go and a module proxy.
set -euo pipefail

work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; chmod -R u+w "$work"; rm -rf "$work"' EXIT
GOBIN="$work/bin" go install github.com/nats-io/nats-server/v2@v2.15.2 2>"$work/install.log" || { cat "$work/install.log"; exit 1; }
server="$work/bin/nats-server"
"$server" --version
cat >"$work/nats.conf" <<CONF
port: 1
jetstream { store_dir: "$work/from-file" }
CONF

# Prints ready, or why the server did not start. Ends within 60 s.
start() {
  "$server" -c "$work/nats.conf" "$@" 2>"$work/log" &
  pid=$!
  for _ in $(seq 600); do
    grep -q 'Server is ready' "$work/log" && { echo ready; break; }
    kill -0 "$pid" 2>/dev/null || { grep -o "Duplicate.*" "$work/log" || cat "$work/log"; break; }
    sleep 0.1
  done
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  pid=
}

port=$(start --addr 127.0.0.1 --port -1)
echo "with --port -1, another port in the file: $port"
store=$(start --addr 127.0.0.1 --port -1 --store_dir "$work/from-flag")
echo "with --store_dir, another store_dir in the file: $store"

# Expected: ready and ready. Seen: ready and the refusal.
[ "$port" = ready ] && [ "$store" = "Duplicate 'store_dir' configuration" ] || { echo 'this has changed'; exit 1; }
