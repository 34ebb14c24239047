import { encodeJwt, type NatsBody } from '../jwt.ts';
import type { PublicKey, UserPublicKey } from '../nkeys.ts';

/** The account key that signs answers. */
export interface ResponseSigner {
  /** `A…` */
  readonly publicKey: string;
  /** The account of the callout, when a signing key of it signs. */
  readonly issuerAccount?: string | undefined;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** Where an answer goes: the server that asked, about the user that it named. */
export interface ResponseTarget {
  readonly server: PublicKey<'server'>;
  readonly userPublicKey: UserPublicKey;
  /** Unix seconds. */
  readonly issuedAt: number;
}

/**
 * The answer to an auth callout: the user's JWT, or an error that only the server's log shows. One
 * with both or neither is refused by servers.
 */
export function calloutResponse(
  signer: ResponseSigner,
  { server, userPublicKey, issuedAt }: ResponseTarget,
  answer: { readonly jwt: string } | { readonly error: string },
): string {
  const nats: NatsBody & { readonly issuer_account?: string } = {
    ...answer,
    ...(signer.issuerAccount !== undefined && { issuer_account: signer.issuerAccount }),
    type: 'authorization_response',
    version: 2,
  };
  return encodeJwt({
    claims: { sub: userPublicKey, aud: server, iat: issuedAt, nats },
    issuerPublicKey: signer.publicKey,
    sign: signer.sign,
  });
}
