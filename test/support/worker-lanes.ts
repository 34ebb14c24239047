import { readFileSync } from 'node:fs';
import { answersOn, connected } from './keep-alive-client.ts';
import type { ServiceProcess } from './service-process.ts';

/** What a worker answered. */
export interface LaneAnswer {
  readonly status: number;
  readonly body: string;
}

/** A kept connection, and so always the same worker. */
export interface Lane extends Disposable {
  /** Rejects when the connection ends without an answer. */
  ask(method: string, path: string, token: string, body?: object): Promise<LaneAnswer>;
  exchange(token: string): Promise<LaneAnswer>;
}

/** One connection to each of two workers: new connections go to workers in turn. */
export async function lanes(service: ServiceProcess): Promise<readonly [Lane, Lane]> {
  return [await lane(service), await lane(service)];
}

async function lane({ url }: ServiceProcess): Promise<Lane> {
  const socket = await connected(url);
  const answers = answersOn(socket);
  const ask: Lane['ask'] = async (method, path, token, body) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const type = body === undefined ? '' : 'Content-Type: application/json\r\n';
    socket.write(
      `${method} ${path} HTTP/1.1\r\nHost: sts\r\nAuthorization: Bearer ${token}\r\n${type}` +
        `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    );
    const answer = await answers.next();
    const [, status] = /^HTTP\/1\.1 (\d+) /.exec(answer) ?? [];
    return { status: Number(status), body: answer.slice(answer.indexOf('\r\n\r\n') + 4) };
  };
  return {
    ask,
    exchange: (token) => ask('POST', '/exchange', token),
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

/** The processes that this one has forked, as the system has them. */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

export function isRunning(pid: number): boolean {
  try {
    // A zombie has ended, and only waits for its parent to notice.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** The value of a metric without labels, or with exactly these. */
export async function metric({ url }: ServiceProcess, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((line) => line.startsWith(`${name} `));
  return line === undefined ? Number.NaN : Number(line.slice(name.length + 1));
}
