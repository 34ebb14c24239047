import { expect, test } from 'vitest';
import { presented } from '../../src/callout/presented.ts';
import { Refusal } from '../../src/errors.ts';
import { createOperatorWorld } from '../support/operator-world.ts';

const NOTHING = { jwt: '', authToken: '', user: '', password: '', name: '', lang: '', version: '' };
const SENTINEL = createOperatorWorld().user().jwt;
const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln';

type Sent = Partial<typeof NOTHING>;
const found = (sent: Sent, userName: 'role' | 'any' = 'role') => {
  const answer = presented({ ...NOTHING, ...sent }, { userName });
  return answer instanceof Refusal ? answer.reason : answer;
};

test.each<[string, Sent]>([
  ['auth_token', { authToken: TOKEN }],
  ['the password', { password: TOKEN }],
  ['the password and auth_token, as MQTT sends it', { password: TOKEN, authToken: TOKEN }],
  ['jwt, which a cookie of a WebSocket fills', { jwt: TOKEN }],
  ['auth_token, beside a sentinel', { jwt: SENTINEL, authToken: TOKEN }],
  ['a text with a line break at its end', { authToken: `${TOKEN}\n` }],
])('the token is found in %s', (_, sent) => {
  expect(found(sent)).toEqual({ token: TOKEN, role: undefined });
});

test.each<[string, Sent, string]>([
  ['nothing', {}, 'token_missing'],
  ['only a sentinel', { jwt: SENTINEL }, 'token_missing'],
  ['only a user name', { user: 'publisher' }, 'token_missing'],
  ['a role and no token', { authToken: 'role:publisher' }, 'token_missing'],
  ['two tokens', { authToken: TOKEN, password: 'other' }, 'parameter_repeated'],
  ['two tokens, one of them in jwt', { authToken: TOKEN, jwt: 'other' }, 'parameter_repeated'],
  ['two roles', { user: 'one', password: `role:two:${TOKEN}` }, 'parameter_repeated'],
  ['a role that cannot be one', { user: 'role:a b', password: TOKEN }, 'parameter_invalid'],
  ['a role without a name', { password: `role::${TOKEN}` }, 'parameter_invalid'],
])('%s is refused', (_, sent, reason) => {
  expect(found(sent)).toBe(reason);
});

test.each<[string, Sent, 'role' | 'any', string | undefined]>([
  ['the user name is the role', { user: 'publisher' }, 'role', 'publisher'],
  ['the user name has the role', { user: 'role:publisher' }, 'role', 'publisher'],
  ['the user name may mean something else', { user: 'device 17' }, 'any', undefined],
  ['and still have the role', { user: 'role:publisher' }, 'any', 'publisher'],
])('%s', (_, sent, userName, role) => {
  expect(found({ ...sent, password: TOKEN }, userName)).toEqual({ token: TOKEN, role });
});

test('the role may come before the token', () => {
  const asked = { token: TOKEN, role: 'publisher' };
  expect(found({ authToken: `role:publisher:${TOKEN}` })).toEqual(asked);
  expect(found({ user: 'publisher', password: `role:publisher:${TOKEN}` })).toEqual(asked);
});
