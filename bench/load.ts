/**
 * The load, in a process of its own, lean so that it leaves the machine to the server: keep-alive
 * connections on bare sockets that post the tokens in turn. Prints what it saw as JSON.
 *
 * Without `--rate` each connection sends as soon as it has an answer (peak throughput). With it,
 * requests are due at fixed moments and latency counts from the moment a request was due, so a
 * stalled server can't hide its stall (no coordinated omission).
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    tokens: { type: 'string', default: '' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '32' },
    rate: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const tokens = JSON.parse(readFileSync(values.tokens, 'utf8')) as string[];
const requests = tokens.map((token) =>
  Buffer.from(
    `POST /exchange HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nContent-Length: 0\r\n\r\n`,
  ),
);

let next = 0;
let refused = 0;
let ended = false;
const latencies: number[] = [];

interface Connection {
  readonly socket: Socket;
  sentAt: number;
  busy: boolean;
}
const idle: Connection[] = [];
/** Moments at which requests were due that no connection was free for. */
const overdue: number[] = [];

function send(connection: Connection, dueAt: number): void {
  connection.sentAt = dueAt;
  connection.busy = true;
  connection.socket.write(requests[next++ % requests.length] as Buffer);
}

function answered(connection: Connection, ok: boolean): void {
  connection.busy = false;
  if (ok) latencies.push(performance.now() - connection.sentAt);
  else refused += 1;
  if (ended) return;
  if (values.rate === undefined) return send(connection, performance.now());
  const due = overdue.shift();
  if (due === undefined) idle.push(connection);
  else send(connection, due);
}

/** Reads answers with Content-Length: the only kind these servers give to these requests. */
function read(connection: Connection): void {
  let seen = '';
  connection.socket.setEncoding('latin1').on('data', (chunk: string) => {
    seen += chunk;
    const headEnd = seen.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const length = /content-length: (\d+)/i.exec(seen.slice(0, headEnd))?.[1];
    const chunked = length === undefined && seen.endsWith('0\r\n\r\n');
    if (!chunked && seen.length < headEnd + 4 + Number(length ?? Infinity)) return;
    const ok = seen.startsWith('HTTP/1.1 200');
    seen = '';
    answered(connection, ok);
  });
}

const connections = await Promise.all(
  Array.from({ length: Number(values.connections) }, async () => {
    const socket = connect({ port: Number(values.port), host: '127.0.0.1', noDelay: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const connection: Connection = { socket, sentAt: 0, busy: false };
    read(connection);
    return connection;
  }),
);

const startedAt = performance.now();
if (values.rate === undefined) {
  for (const connection of connections) send(connection, performance.now());
} else {
  idle.push(...connections);
  const gap = 1000 / Number(values.rate);
  let due = startedAt;
  const pump = setInterval(() => {
    for (; due <= performance.now(); due += gap) {
      const connection = idle.pop();
      if (connection) send(connection, due);
      else overdue.push(due);
    }
    if (ended) clearInterval(pump);
  }, 1);
}

setTimeout(() => {
  ended = true;
  const elapsed = (performance.now() - startedAt) / 1000;
  const sorted = Float64Array.from(latencies).sort();
  const at = (part: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  process.stdout.write(
    JSON.stringify({
      perSecond: latencies.length / elapsed,
      done: latencies.length,
      refused,
      p50: at(0.5),
      p99: at(0.99),
    }),
  );
  for (const { socket } of connections) socket.destroy();
}, seconds * 1000);
