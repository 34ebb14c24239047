import { decode, type User } from '@nats-io/jwt';
import { fromSeed } from '@nats-io/nkeys';
import { credsAuthenticator } from '@nats-io/transport-node';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CredentialRequest } from '../../src/credential/credential.ts';
import { draftCredential } from '../../src/credential/mint.ts';
import { Refusal } from '../../src/errors.ts';
import type { SigningKey } from '../../src/keyring/key-ring.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import type { Grant, RoleSpec } from '../../src/policy/policy.ts';
import { identity, role } from '../policy/support.ts';
import { NOW } from '../support/issuer.ts';

/** What we write, held against the reference libraries. */

const account = createKeyPair('account').publicKey;
const pair = createKeyPair('account');
const direct: SigningKey = {
  publicKey: pair.publicKey,
  account,
  scopedTo: undefined,
  sign: pair.sign,
};

function grantOf(spec: RoleSpec, more: Partial<Grant> = {}): Grant {
  return {
    binding: 'a binding',
    role: spec,
    publish: spec.publish,
    subscribe: spec.subscribe,
    templateTags: {},
    lifetimeSeconds: 900,
    claimsSeen: {},
    ...more,
  };
}

function draft(changes: Partial<CredentialRequest> = {}, maxControlLineBytes = 4096) {
  return draftCredential(
    { maxControlLineBytes },
    {
      identity: identity({}),
      grant: grantOf(role('reader')),
      signingKey: direct,
      issuedAt: NOW,
      expiresAt: NOW + 900,
      ...changes,
    },
  );
}

function mint(changes: Partial<CredentialRequest> = {}) {
  const drafted = draft(changes);
  if (drafted instanceof Refusal) throw new Error(drafted.message);
  const credential = drafted.sign();
  return { credential, claims: decode<User>(credential.jwt) };
}

describe('a direct credential', () => {
  test('says what the grant says, and nothing of its own', () => {
    const { credential, claims } = mint();
    expect(claims).toEqual({
      jti: expect.stringMatching(/^[A-Z2-7]{52}$/),
      iat: NOW,
      exp: NOW + 900,
      iss: pair.publicKey,
      sub: credential.userPublicKey,
      name: 'somebody',
      nats: {
        type: 'user',
        version: 2,
        issuer_account: account,
        tags: ['sts-issuer:github', 'sts-subject:somebody', 'sts-role:reader'],
        subs: -1,
        data: -1,
        payload: -1,
        pub: { allow: ['reader.>'] },
        sub: { allow: ['_INBOX.>'] },
      },
    });
  });

  test('carries every limit by the name that servers know', () => {
    const spec = role('full', {
      publish: { allow: ['a'], deny: ['b'] },
      subscribe: { allow: ['c queue'], deny: ['d'] },
      responses: { max: 2, ttlSeconds: 5 },
      limits: { subscriptions: 10, payloadBytes: 1024, dataBytes: 4096 },
      sources: ['10.0.0.0/8'],
      times: [{ start: '08:00:00', end: '18:00:00' }],
      timezone: 'Europe/Berlin',
      connectionTypes: ['STANDARD', 'WEBSOCKET'],
    });
    expect(mint({ grant: grantOf(spec) }).claims.nats).toMatchObject({
      pub: { allow: ['a'], deny: ['b'] },
      sub: { allow: ['c queue'], deny: ['d'] },
      resp: { max: 2, ttl: 5_000_000_000 },
      subs: 10,
      payload: 1024,
      data: 4096,
      src: ['10.0.0.0/8'],
      times: [{ start: '08:00:00', end: '18:00:00' }],
      times_location: 'Europe/Berlin',
      allowed_connection_types: ['STANDARD', 'WEBSOCKET'],
    });
  });

  test('without publish denies publishing, where NATS would take an empty list for everything', () => {
    const nothing = { allow: [], deny: [] };
    const spec = role('mute', { publish: nothing, subscribe: nothing });
    expect(mint({ grant: grantOf(spec) }).claims.nats).toMatchObject({
      pub: { deny: ['>'] },
      sub: { deny: ['>'] },
    });
  });

  test('has the permissions of its own grant, also when another of the same role was made before', () => {
    const spec = role('team', { publish: { allow: ['{{claims.team}}'], deny: [] } });
    for (const team of ['red', 'blue', 'red']) {
      const publish = { allow: [team], deny: [] };
      expect(mint({ grant: grantOf(spec, { publish }) }).claims.nats.pub).toEqual({
        allow: [team],
      });
    }
    const other = { ...direct, account: createKeyPair('account').publicKey };
    const grant = grantOf(spec);
    expect(mint({ grant }).claims.nats).toMatchObject({ issuer_account: account });
    expect(mint({ grant, signingKey: other }).claims.nats).toMatchObject({
      issuer_account: other.account,
    });
  });

  test('names the actor beside the subject', () => {
    const actor = identity({}, { issuerName: 'entra', subject: 'the bot' });
    expect(mint({ actor }).claims.nats.tags).toEqual([
      'sts-issuer:github',
      'sts-subject:somebody',
      'sts-role:reader',
      'sts-actor-issuer:entra',
      'sts-actor-subject:the=20bot',
    ]);
  });
});

describe('a scoped credential', () => {
  const scoped: SigningKey = { ...direct, scopedTo: 'reader' };

  test('has tags and no permissions or limits of its own', () => {
    const templateTags = { repo: '42' };
    const { claims } = mint({
      signingKey: scoped,
      grant: grantOf(role('reader'), { templateTags }),
    });
    expect(claims.nats).toMatchObject({
      issuer_account: account,
      tags: ['sts-issuer:github', 'sts-subject:somebody', 'sts-role:reader', 'repo:42'],
    });
    for (const name of ['pub', 'sub', 'resp', 'src', 'times']) {
      expect(claims.nats).not.toHaveProperty(name);
    }
  });

  test('is refused when tags can’t stand for the templates', () => {
    const grant = grantOf(role('reader'), { templateTagsUnavailable: 'it is a list' });
    expect(draft({ signingKey: scoped, grant })).toMatchObject({ reason: 'template_value_unsafe' });
    expect(draft({ grant })).not.toBeInstanceOf(Refusal);
  });
});

describe('the user’s key', () => {
  test('is made here: JWT, seed and .creds belong together, and nats.js reads them', () => {
    const { credential } = mint();
    const { seed = '', creds = '' } = credential;
    expect(fromSeed(Buffer.from(seed)).getPublicKey()).toBe(credential.userPublicKey);
    expect(credsAuthenticator(Buffer.from(creds))('nonce')).toMatchObject({
      nkey: credential.userPublicKey,
      jwt: credential.jwt,
    });
  });

  test('is another for each credential', () => {
    const users = Array.from({ length: 20 }, () => mint().credential.userPublicKey);
    expect(new Set(users).size).toBe(20);
  });

  test('is the caller’s own when it kept one: no seed anywhere', () => {
    const userPublicKey = createKeyPair('user').publicKey;
    const { credential, claims } = mint({ userPublicKey });
    expect(claims.sub).toBe(userPublicKey);
    expect(credential).toMatchObject({ seed: undefined, creds: undefined });
  });
});

test('a credential that would not fit in the CONNECT line is refused, with the numbers for the log', () => {
  const drafted = draft({}, 900);
  expect(drafted).toMatchObject({
    reason: 'credential_too_large',
    detail: expect.stringContaining('the limit is 900'),
  });
  expect(draft({}, 2000)).not.toBeInstanceOf(Refusal);
});

test('whatever a subject holds, each tag and the name put one plain lower-case subject token into a template', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), (subject) => {
      const { claims } = mint({ identity: identity({}, { subject }) });
      const values = (claims.nats.tags ?? []).map((tag) => tag.slice(tag.indexOf(':') + 1));
      for (const value of [...values, claims.name]) expect(value).toMatch(/^[a-z0-9_=-]+$/);
    }),
    { numRuns: 50 },
  );
});
