/**
 * The users that requests named lately. A server makes a user for each connect, so one that comes
 * again is a copy of a request. Forgotten once the request has expired.
 */
export class SeenUsers {
  /** User → Unix seconds; nearly in the order of time. */
  readonly #until = new Map<string, number>();

  /** False if it was there already. */
  add(user: string, untilSeconds: number, nowSeconds: number): boolean {
    this.#forget(nowSeconds);
    if (this.#until.has(user)) return false;
    this.#until.set(user, untilSeconds);
    return true;
  }

  #forget(nowSeconds: number): void {
    for (const [user, until] of this.#until) {
      if (until > nowSeconds) return;
      this.#until.delete(user);
    }
  }
}
