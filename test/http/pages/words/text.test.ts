import { describe, expect, test } from 'vitest';
import {
  claimText,
  contactLink,
  personName,
  plain,
  shellWord,
  theirs,
} from '../../../../src/http/pages/words/text.ts';
import { identity } from '../../../policy/support.ts';

describe('a text from a stranger', () => {
  test('is escaped, and isolated in its direction', () => {
    expect(String(theirs(`<script>"it's"&`))).toBe(
      '<bdi>&lt;script&gt;&quot;it&#39;s&quot;&amp;</bdi>',
    );
  });

  test.each([
    '\u202E',
    '\u2066',
    '\u200F',
    '\u200B',
    '\u0000',
    '\n',
    '\u2028',
    '\uD800',
    '\u{E0041}',
  ])('loses characters that reverse, hide, or break the text around it (%j)', (mark) => {
    expect(plain(`a${mark}b`)).toMatch(/^a�+b$/);
  });

  test('keeps letters of every script', () => {
    for (const text of ['Ada Lovelace', 'Нина', '李小龍', 'محمد', 'José 🙂']) {
      expect(plain(text)).toBe(text);
    }
  });

  test('is shortened', () => {
    expect(plain('a'.repeat(200))).toBe('a'.repeat(200));
    expect(plain('a'.repeat(1000))).toBe(`${'a'.repeat(199)}…`);
    expect(plain(`${'a'.repeat(4)}🙂🙂`, 6)).toBe('aaaa�…');
  });
});

test('people are shown with the name that their provider sends, or with their subject', () => {
  const name = (claims: Parameters<typeof identity>[0]) => String(personName(identity(claims)));
  expect(name({ name: 'Ada', email: 'a@b.c' })).toBe('<bdi>Ada</bdi>');
  expect(name({ name: '  ', preferred_username: 'ada' })).toBe('<bdi>ada</bdi>');
  expect(name({ name: 7, email: 'a@b.c' })).toBe('<bdi>a@b.c</bdi>');
  expect(name({})).toBe('<bdi>somebody</bdi>');
});

test('a claim is shown as it is in the token', () => {
  expect(String(claimText(undefined))).toBe('<em>nothing</em>');
  expect(String(claimText(''))).toBe('<em>an empty text</em>');
  expect(String(claimText('42'))).toContain('<bdi>42</bdi>');
  expect(String(claimText(['a', '<b>']))).toContain('[&quot;a&quot;,&quot;&lt;b&gt;&quot;]');
  expect(String(claimText(false))).toContain('false');
});

test.each([
  ['https://help.acme.test/nats', '<a href="https://help.acme.test/nats">'],
  ['ops@acme.test', '<a href="mailto:ops@acme.test">'],
  ['the platform team', '<strong>the platform team</strong>'],
  ['javascript:alert(1)', '<strong>javascript:alert(1)</strong>'],
  ['ops@acme.test?bcc=x@evil.test', '<strong>'],
])('the contact %s is a link if it is an address', (contact, start) => {
  expect(String(contactLink(contact))).toContain(start);
});

test('a word for the shell is quoted if necessary', () => {
  expect(shellWord('nats://h:4222,nats://i:4222')).toBe('nats://h:4222,nats://i:4222');
  expect(shellWord('~/Downloads/a.creds')).toBe('~/Downloads/a.creds');
  expect(shellWord("a b'; rm")).toBe(String.raw`'a b'\''; rm'`);
  expect(shellWord('wss://h/?a=$(x)')).toBe("'wss://h/?a=$(x)'");
});
