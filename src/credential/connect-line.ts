/**
 * What clients send in CONNECT beside the JWT: the signature over the nonce, their name and
 * version, options. nats.js and nats.go stay below this with connection names up to about 100
 * characters.
 */
const OTHER_OPTIONS_BYTES = 512;
/** The dot and the base64url of 64 bytes. */
const SIGNATURE_BYTES = 87;

/** Length of the CONNECT line that will carry this JWT; servers refuse more than `max_control_line`. */
export function connectLineBytes(unsignedJwt: string): number {
  return unsignedJwt.length + SIGNATURE_BYTES + OTHER_OPTIONS_BYTES;
}
