import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import type { OperatorWorld } from '../support/operator-world.ts';

/** A client that has everything ready but the last line, which makes the server load its account. */
export interface PreparedClient extends AsyncDisposable {
  /** Sends it; resolves once the server has answered, whatever it says. */
  logIn(): Promise<void>;
}

/** A connection to this port for a new user of the world's account. */
export async function prepareClient(world: OperatorWorld, port: number): Promise<PreparedClient> {
  const socket = createConnection(port, '127.0.0.1').setNoDelay();
  const lines = createInterface(socket)[Symbol.asyncIterator]();
  const { value: info } = await lines.next();
  const { nonce } = JSON.parse(String(info).slice('INFO '.length)) as { nonce: string };
  const { key, jwt } = world.user();
  const sig = Buffer.from(key.sign(Buffer.from(nonce))).toString('base64url');
  const options = { jwt, nkey: key.publicKey, sig, verbose: false, pedantic: false, protocol: 1 };
  const text = `CONNECT ${JSON.stringify({ ...options, lang: 'test', version: '1' })}\r\nPING\r\n`;
  return {
    async logIn() {
      socket.write(text);
      await lines.next();
    },
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await once(socket, 'close');
    },
  };
}
