#!/usr/bin/env bash
# nats-server v2.15.1: in the template of a scoped signing key, an entry with a queue group ("jobs.> workers", valid in
# user JWTs and in templates) stops working as soon as another entry of the same list has a template function, even one
# that has nothing to do with it:
#   sub.allow  the entry is dropped without a word: the user may not join the queue group
#   sub.deny   every user of the key is refused: "Authorization Violation"
# Runs the server and the Go client in one process, without anything of this project. Fails if one of these changes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main.go <<'GO'
package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, "could not be tried:", err)
		os.Exit(2)
	}
	return value
}

func public(pair nkeys.KeyPair) string { return must(pair.PublicKey()) }

func main() {
	operator := must(nkeys.CreateOperator())
	account := must(nkeys.CreateAccount())
	claims := jwt.NewAccountClaims(public(account))
	const queue, tagged = "jobs.> workers", "team.{{tag(team)}}.>"
	cases := []struct {
		name        string
		allow, deny []string
		want        string
	}{
		{"allow: queue group alone", []string{queue}, nil, "joins the queue group"},
		{"allow: queue group beside a tag", []string{queue, tagged}, nil, "may not join the queue group"},
		{"deny: queue group alone", []string{">"}, []string{queue}, "may not join the queue group"},
		{"deny: queue group beside a tag", []string{">"}, []string{queue, tagged}, "may not connect"},
	}
	signers := make([]nkeys.KeyPair, len(cases))
	for i, c := range cases {
		signers[i] = must(nkeys.CreateAccount())
		scope := jwt.NewUserScope()
		scope.Key, scope.Role = public(signers[i]), fmt.Sprintf("r%d", i)
		scope.Template.Sub.Allow, scope.Template.Sub.Deny = c.allow, c.deny
		claims.SigningKeys.AddScopedSigner(scope)
	}
	results := jwt.CreateValidationResults()
	claims.Validate(results)
	if !results.IsEmpty() {
		must(0, fmt.Errorf("the library finds fault with the account JWT: %v", results.Issues))
	}
	resolver := &server.MemAccResolver{}
	if err := resolver.Store(public(account), must(claims.Encode(operator))); err != nil {
		must(0, err)
	}
	operatorClaims := must(jwt.DecodeOperatorClaims(must(jwt.NewOperatorClaims(public(operator)).Encode(operator))))
	srv := must(server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true,
		TrustedOperators: []*jwt.OperatorClaims{operatorClaims}, AccountResolver: resolver,
	}))
	go srv.Start()
	defer srv.Shutdown()
	if !srv.ReadyForConnections(2 * time.Minute) {
		must(0, errors.New("the server does not start"))
	}
	fmt.Println("nats-server", server.VERSION)
	changed := false
	for i, c := range cases {
		got := try(srv.ClientURL(), account, signers[i])
		fmt.Printf("%-32s %s\n", c.name, got)
		if got != c.want {
			fmt.Printf("  expected: %s\n", c.want)
			changed = true
		}
	}
	if changed {
		os.Exit(1)
	}
}

func try(url string, account, signer nkeys.KeyPair) string {
	user := must(nkeys.CreateUser())
	claims := jwt.NewUserClaims(public(user))
	claims.IssuerAccount = public(account)
	claims.SetScoped(true)
	claims.Tags.Add("team:a")
	token, seed := must(claims.Encode(signer)), string(must(user.Seed()))
	refused := make(chan error, 16)
	conn, err := nats.Connect(url, nats.UserJWTAndSeed(token, seed), nats.MaxReconnects(0), nats.Timeout(2*time.Minute),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
	if errors.Is(err, nats.ErrAuthorization) {
		return "may not connect"
	}
	must(conn, err)
	defer conn.Close()
	sub := must(conn.QueueSubscribeSync("jobs.1", "workers"))
	// What the server has against a subscription comes before the answer to a flush.
	if err := conn.FlushTimeout(2 * time.Minute); err != nil {
		must(0, err)
	}
	if err := conn.LastError(); errors.Is(err, nats.ErrPermissionViolation) {
		return "may not join the queue group"
	}
	if !sub.IsValid() {
		return "may not join the queue group"
	}
	return "joins the queue group"
}
GO
{
  go mod init finding
  go get github.com/nats-io/nats-server/v2@v2.15.1 github.com/nats-io/nats.go@v1.55.0
  go mod tidy
} >go.log 2>&1 || { cat go.log; exit 2; }
go run .
