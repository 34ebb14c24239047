#!/usr/bin/env bash
# natscli v0.5.1: `nats auth` keeps its store below the home directory in passwd, whatever HOME says.
#
# The XDG Base Directory Specification has $HOME/.local/share as the default of XDG_DATA_HOME, and nsc, whose
# store `nats auth` shares, goes by it. With HOME changed (tests, sudo, containers with an arbitrary HOME) the two
# tools see different stores, and `nats auth operator add` writes keys into the real home directory. Naming
# XDG_DATA_HOME avoids it.
#
# Needs go and a module proxy. Only reads the store in the real home directory.
set -euo pipefail

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
GOBIN="$work/bin" go install github.com/nats-io/natscli/nats@v0.5.1 2>"$work/install.log" || { cat "$work/install.log"; exit 1; }
nats="$work/bin/nats"
name="FINDING_$$"

echo "natscli $("$nats" --version)"
home="$work/home"
mkdir -p "$home"
export XDG_CONFIG_HOME="$work/config"
XDG_DATA_HOME="$home/.local/share" "$nats" auth operator add "$name" >/dev/null
test -f "$home/.local/share/nats/nsc/stores/$name/$name.jwt"
echo "the store is in HOME/.local/share/nats/nsc"

listed() { grep -qx "$name" && echo yes || echo no; }
by_data=$(env XDG_DATA_HOME="$home/.local/share" HOME="$home" "$nats" auth operator ls --names | listed)
by_home=$(env -u XDG_DATA_HOME HOME="$home" "$nats" auth operator ls --names | listed)
echo "operator listed with XDG_DATA_HOME=HOME/.local/share: $by_data"
echo "operator listed with HOME alone: $by_home"

# Expected: yes and yes. Seen: yes and no.
[ "$by_data $by_home" = "yes no" ] || { echo "this has changed"; exit 1; }
