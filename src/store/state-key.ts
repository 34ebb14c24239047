/** What SQLite and NATS subjects both take. */
const KEY = /^[\w=-]+(?:\.[\w=-]+)*$/;

/** Throws where a text can't be a key of the shared state: a bug of the caller, not a fault of the store. */
export function assertStateKey(key: string): void {
  if (!KEY.test(key)) throw new TypeError(`not a key of the shared state: ${JSON.stringify(key)}`);
}
