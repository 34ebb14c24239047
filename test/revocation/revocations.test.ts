import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applies, type Revocable } from '../../src/revocation/match.ts';
import {
  isRevocationId,
  newRevocationId,
  parseRevocation,
  readRevocation,
  type Revocation,
  revocationKey,
  revocationText,
} from '../../src/revocation/revocation.ts';
import { indexRevocations } from '../../src/revocation/revocation-index.ts';
import { followRevocations } from '../../src/revocation/revocations.ts';
import { memoryState } from './memory-state.ts';
import { AT, revocable, revocation } from './support.ts';

describe('a revocation applies', () => {
  test.each<[string, Partial<Revocation>, Partial<Revocable>, boolean]>([
    ['to a token of the second in which it was made', {}, { tokenIssuedAt: AT }, true],
    ['to a token from within that second', {}, { tokenIssuedAt: AT + 0.9 }, true],
    ['to one by a clock that is five seconds ahead', {}, { tokenIssuedAt: AT + 5.9 }, true],
    ['not to a later one', {}, { tokenIssuedAt: AT + 6 }, false],
    [
      'to what was issued before it, though its token is dated later',
      {},
      { tokenIssuedAt: AT + 29, issuedAt: AT },
      true,
    ],
    [
      'not to what a later token got right after',
      {},
      { tokenIssuedAt: AT + 6, issuedAt: AT + 1 },
      false,
    ],
    ['if it blocks, to later ones too', { block: true }, { tokenIssuedAt: AT + 6 }, true],
    ['not to another subject', {}, { subject: 'bob' }, false],
    ['not to the same subject of another issuer', {}, { issuerName: 'github' }, false],
    ['to whom the identity acts for', {}, { subject: 'x', actor: alice() }, true],
    ['to a user', { target: { nkey: 'UA' } }, { user: 'UA' }, true],
    ['not to a user that is still to be made', { target: { nkey: 'UA' } }, {}, false],
    ['to a role', { target: { role: 'reader' } }, {}, true],
    ['not to a binding of the role’s name', { target: { binding: 'reader' } }, {}, false],
    ['to a binding', { target: { binding: 'people' } }, {}, true],
    ['to the binding of who acts', { target: { binding: 'ci' } }, { actorBinding: 'ci' }, true],
  ])('%s', (_, made, held, expected) => {
    expect(applies(revocation(made), revocable(held))).toBe(expected);
  });

  function alice() {
    return { issuerName: 'entra', subject: 'alice' };
  }
});

describe('the index', () => {
  const word = fc.constantFrom('a', 'b', 'c');
  const target = fc.oneof(
    fc.record({ issuer: word, subject: word }),
    fc.record({ nkey: word }),
    fc.record({ role: word }),
    fc.record({ binding: word }),
  );
  const made = fc
    .record({ id: fc.nat(5).map(String), target, at: fc.nat(9), block: fc.boolean() })
    .map((changes) => revocation(changes));
  const held: fc.Arbitrary<Revocable> = fc.record(
    {
      issuerName: word,
      subject: word,
      role: word,
      binding: word,
      actorBinding: word,
      tokenIssuedAt: fc.nat(9),
      issuedAt: fc.nat(9),
      user: word,
      actor: fc.record({ issuerName: word, subject: word }),
    },
    { requiredKeys: ['issuerName', 'subject', 'role', 'binding', 'tokenIssuedAt', 'issuedAt'] },
  );

  test('finds what a look at each of them would, after any changes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(made, fc.boolean())), held, (changes, held) => {
        const index = indexRevocations();
        const plain = new Map<string, Revocation>();
        for (const [one, lifted] of changes) {
          if (lifted) index.remove(one.id);
          else index.put(one);
          if (lifted) plain.delete(one.id);
          else plain.set(one.id, one);
        }
        const expected = [...plain.values()].filter((one) => applies(one, held));
        const ids = (ones: Revocation[]) => ones.map(({ id }) => id).toSorted();
        expect(ids(index.findAll(held))).toEqual(ids(expected));
        const found = index.find(held);
        expect(found === undefined).toBe(expected.length === 0);
        expect(found?.block ?? false).toBe(expected.some(({ block }) => block));
      }),
    );
  });

  test('costs no more with ten thousand than a handful of look-ups', () => {
    let reads = 0;
    const counted = (one: Revocation): Revocation =>
      new Proxy(one, { get: (of, name) => ((reads += 1), Reflect.get(of, name) as unknown) });
    const many = Array.from({ length: 10_000 }, (_, n) =>
      counted(revocation({ id: `${n}`, target: { issuer: 'entra', subject: `person ${n}` } })),
    );
    const index = indexRevocations(many);
    reads = 0;
    expect(index.find(revocable({ subject: 'person 9999' }))).toBe(many[9999]);
    expect(reads).toBeLessThan(20);
  });
});

describe('the stored text', () => {
  test('is read as it was written', () => {
    const block = revocation({ block: true });
    expect(parseRevocation(revocationText(block))).toEqual(block);
  });

  test.each(['', '{}', '{"version":2}', 'null', '{"version":1}'])('%j is not read', (text) => {
    expect(() => parseRevocation(text)).toThrow(Error);
    expect(readRevocation(text)).toBeUndefined();
  });

  test.each([
    ['target', undefined],
    ['target', 'alice'],
    ['target', { subject: 'alice' }],
    ['target', { issuer: 'entra', subject: 7 }],
    ['at', '1795343400'],
    ['until', null],
    ['block', 'yes'],
  ])('with the %s %j is not read, because it is unknown whom it refuses', (member, value) => {
    const text = JSON.stringify({ version: 1, ...revocation(), [member]: value });
    expect(() => parseRevocation(text)).toThrow(`is not valid: ${member}`);
  });

  test('refuses by the target that it has, and keeps nothing else of it', () => {
    const target = { role: 'reader', color: 'red' };
    const text = JSON.stringify({ version: 1, ...revocation(), target, by: null, reason: 1 });
    expect(parseRevocation(text)).toEqual({
      ...revocation(),
      target: { role: 'reader' },
      reason: 'unknown',
      by: { issuerName: 'unknown', subject: 'unknown' },
    });
  });

  test('has an id that fits URLs and command lines', () => {
    const id = newRevocationId();
    expect(id).toMatch(/^[0-9a-f]{12}$/);
    expect(isRevocationId(id)).toBe(true);
    expect(isRevocationId(`${id}/..`)).toBe(false);
    expect(newRevocationId()).not.toBe(id);
  });
});

describe('following the store', () => {
  test('what is there is in force at once, what changes right after', async () => {
    const state = memoryState();
    const first = revocation({ id: 'aaaaaaaaaaaa' });
    await state.write(revocationKey(first.id), revocationText(first), 0);
    let changes = 0;
    const revocations = await followRevocations({ state, onChange: () => (changes += 1) });
    expect(revocations.refusal(revocable())).toMatchObject({ reason: 'token_revoked' });
    expect([...revocations.index.byId.keys()]).toEqual([first.id]);

    const block = revocation({ id: 'bbbbbbbbbbbb', block: true });
    const revision = await state.write(revocationKey(block.id), revocationText(block), 0);
    expect(revocations.refusal(revocable())).toMatchObject({ reason: 'blocked' });
    await state.write(revocationKey(block.id), undefined, revision!);
    expect(revocations.refusal(revocable())).toMatchObject({ reason: 'token_revoked' });
    expect(changes).toBe(2);

    revocations.close();
    await state.write(revocationKey(block.id), revocationText(block), 0);
    expect(revocations.refusal(revocable())).toMatchObject({ reason: 'token_revoked' });
  });

  test('those that were there are not counted as made, nor one that is written again or lifted', async () => {
    const state = memoryState();
    const old = revocation({ id: 'aaaaaaaaaaaa' });
    await state.write(revocationKey(old.id), revocationText(old), 0);
    const revocations = await followRevocations({ state });
    const none = { identity: 0, nkey: 0, role: 0, binding: 0 };
    expect(revocations.made).toEqual(none);

    const made = revocation({ id: 'bbbbbbbbbbbb', target: { role: 'reader' } });
    const first = await state.write(revocationKey(made.id), revocationText(made), 0);
    const again = await state.write(revocationKey(made.id), revocationText(made), first!);
    await state.write(revocationKey(made.id), undefined, again!);
    expect(revocations.made).toEqual({ ...none, role: 1 });
  });

  test('does not start with an unreadable revocation; a later one is reported', async () => {
    const state = memoryState();
    const told: string[] = [];
    const revocations = await followRevocations({
      state,
      onUnreadable: (key) => told.push(key),
    });
    await state.write(revocationKey('x'), '{"version":2}', 0);
    expect(told).toEqual(['revocation.x']);
    revocations.close();
    await expect(followRevocations({ state })).rejects.toThrow(AggregateError);
  });
});
