import { z } from 'zod';
import { missing } from '../schema/scalars.ts';

/** `gitlab.example.com` or `gitlab.example.com:8443`, as in the issuer's URL. */
export function host(description: string) {
  return z
    .string()
    .regex(
      /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$/,
      'is not a host: write it in lower case, without https:// and path',
    )
    .meta({ title: 'host', description });
}

/** An issuer's URL exactly as the tokens' `iss` has it. */
export function issuerUrl(description: string) {
  const error = missing(
    'write it exactly as in the iss of its tokens, such as https://id.example.com',
  );
  return z.string({ error }).min(1, 'is empty').meta({ title: 'URL', description });
}

/** An id such as `72f988bf-86f1-41af-91ab-2d7cd011db47`, in lower case as tokens have it. */
export const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const HOUR = 3600;
export const DAY = 24 * HOUR;
