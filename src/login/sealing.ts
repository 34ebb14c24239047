/** What a sealed text is for; one made for one purpose opens for no other. */
export type Purpose = 'session' | 'attempt' | 'refresh';

/**
 * Seals small JSON values into texts that may leave the process (cookies, refresh tokens): JWE
 * (RFC 7516), `dir`, A256GCM, under keys derived from the sealing keys (HKDF, RFC 5869), one for
 * each purpose. The text is bound to the purpose, to the deployment (`publicUrl`), and to an end.
 */
export interface TextSealer {
  /** `endsAt` in Unix seconds. */
  seal(purpose: Purpose, value: object, endsAt: number): Promise<string>;
  /** Undefined for whatever is not such a text: forged, cut, of another purpose or deployment, over. Never throws for what a text holds. */
  open(purpose: Purpose, text: string): Promise<unknown>;
}
