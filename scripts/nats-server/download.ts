import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';

/** A closed network shows within this time. */
const ANSWER_WITHIN_MS = 5_000;
const WHOLE_WITHIN_MS = 180_000;

/** Downloads `url` to `path`, and throws unless what came has this SHA-256 (hexadecimal). */
export async function download(url: string, path: string, sha256: string): Promise<void> {
  const answered = new AbortController();
  const timer = setTimeout(
    () => answered.abort(new Error(`no answer within ${ANSWER_WITHIN_MS / 1000} s from ${url}`)),
    ANSWER_WITHIN_MS,
  );
  const whole = AbortSignal.timeout(WHOLE_WITHIN_MS);
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.any([answered.signal, whole]) });
  } finally {
    clearTimeout(timer);
  }
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const bytes = Buffer.from(await response.arrayBuffer());
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) {
    throw new Error(`${url} has SHA-256 ${found}, not the pinned ${sha256}: not used`);
  }
  await writeFile(path, bytes);
}
