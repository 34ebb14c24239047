import { STATUS_CODES } from 'node:http';
import { expect } from 'vitest';

/** An answer, read: what tests of errors compare. */
export interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly cacheControl: string | null;
  readonly body: unknown;
}

export async function answerOf(response: Response): Promise<Answer> {
  const { status, headers } = response;
  const text = await response.text();
  return {
    status,
    type: headers.get('content-type'),
    cacheControl: headers.get('cache-control'),
    body: headers.get('content-type')?.includes('json') === true ? JSON.parse(text) : text,
  };
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Problem details (RFC 9457), whole: no member more and none less. */
export function problem(status: number, code: string, reason: string): Answer {
  return {
    status,
    type: 'application/problem+json',
    cacheControl: 'no-store',
    body: {
      type: `urn:nats-sts:error:${code}`,
      title: STATUS_CODES[status],
      status,
      detail: expect.stringMatching(/\.$/),
      code,
      reason,
      request_id: expect.stringMatching(UUID),
    },
  };
}

/** An error of the token endpoint, whole; the description in the characters of RFC 6749 §5.2. */
export function oauthError(status: number, error: string): Answer {
  return {
    status,
    type: 'application/json',
    cacheControl: 'no-store',
    body: {
      error,
      error_description: expect.stringMatching(/^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/),
      request_id: expect.stringMatching(UUID),
    },
  };
}
