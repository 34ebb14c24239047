/** Subject prefix of the answers to our requests. */
export const STORE_INBOX_PREFIX = '_INBOX_nats-sts';

/**
 * What the user of `store.jetstream.creds` must be allowed to, and nothing else: it makes the
 * buckets where they are missing, and reads and writes what is in them. It can delete no bucket,
 * change none, and sees no other stream of its account.
 */
export function storeUserPermissions(bucket: string): {
  readonly pub: { readonly allow: readonly string[] };
  readonly sub: { readonly allow: readonly string[] };
} {
  const state = `KV_${bucket}`;
  const credentials = `KV_${bucket}_credentials`;
  const usedTokens = `KV_${bucket}_single_use`;
  return {
    pub: {
      allow: [
        '$JS.API.INFO',
        ...[state, credentials, usedTokens].flatMap((stream) => [
          `${stream.replace('KV_', '$KV.')}.>`,
          `$JS.API.STREAM.INFO.${stream}`,
          `$JS.API.STREAM.CREATE.${stream}`,
          `$JS.API.STREAM.MSG.GET.${stream}`,
        ]),
        // Followed by a consumer that is pushed to.
        `$JS.API.CONSUMER.CREATE.${state}.>`,
        `$JS.API.CONSUMER.DELETE.${state}.*`,
        `$JS.FC.${state}.>`,
        // Looked through by consumers that pull.
        `$JS.API.CONSUMER.CREATE.${credentials}.>`,
        `$JS.API.CONSUMER.INFO.${credentials}.*`,
        `$JS.API.CONSUMER.MSG.NEXT.${credentials}.*`,
        `$JS.API.CONSUMER.DELETE.${credentials}.*`,
      ],
    },
    sub: { allow: [`${STORE_INBOX_PREFIX}.>`] },
  };
}
