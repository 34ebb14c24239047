import { Refusal } from '../../src/errors.ts';

/** What came of it, in a word: the reason of a refusal, or `accepted`. */
export async function outcome(result: unknown): Promise<string> {
  const settled = await result;
  return settled instanceof Refusal ? settled.reason : 'accepted';
}

/** The refusal, where a test wants to read it. */
export async function refusal(result: unknown): Promise<Refusal> {
  const settled = await result;
  if (!(settled instanceof Refusal)) throw new Error('expected a refusal');
  return settled;
}
