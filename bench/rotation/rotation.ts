import { cpus } from 'node:os';
import { median, quantile, round } from '../numbers.ts';
import { type ConfirmHistogram, confirmHistogram } from './confirm-histogram.ts';
import { pushTimes } from './push-times.ts';
import { type RevocationTimes, revocationTimes } from './revocation-times.ts';
import { createSetting, type Setting } from './setting.ts';
import { type Throughput, throughputs } from './throughput.ts';
import { type UnderLoad, underLoad } from './under-load.ts';

const PUSHES = 50;
const REVOCATIONS = 25;
const ROTATIONS = 20;
const ROUNDS = 3;

/**
 * Rotation and revocation on three real servers, seen from outside: what a push takes to arrive
 * everywhere, whom rotations disturb, how fast a revocation cuts, and what managed keys cost.
 */
export async function benchRotation(): Promise<void> {
  await using setting = await createSetting();
  const calm = await whenCalm(setting);
  const busy = await whenBusy(setting);
  const throughput = await throughputs(setting, ROUNDS);
  console.log(
    `\n<!-- bench rotation -->\n${report({ ...calm, busy, throughput })}\n<!-- /bench rotation -->`,
  );
}

interface Calm {
  readonly pushes: readonly number[];
  readonly histogram: ConfirmHistogram;
  readonly revocations: RevocationTimes;
}

/** Keys rotate when they are asked to. */
async function whenCalm(setting: Setting): Promise<Calm> {
  await using _running = await setting.startManaged((tree) => {
    tree['accounts'].APP.rotation.every = '30d';
  });
  // An account that nobody uses is not loaded, and nothing is to be applied.
  const { creds } = await setting.credential({ sub: 'bystander' });
  const held = await Promise.all(
    setting.cluster.nodes.map((node) => setting.connect(creds, { node })),
  );
  const pushes = await pushTimes(setting, PUSHES);
  const histogram = await confirmHistogram(setting.stsUrl);
  console.log(`${PUSHES} pushes: median ${round(median(pushes))} ms`);
  const revocations = await revocationTimes(setting, REVOCATIONS);
  console.log(`${REVOCATIONS} revocations: median ${round(median(revocations.milliseconds))} ms`);
  if (held.some((connection) => connection.isClosed())) throw new Error('a bystander was cut');
  return { pushes, histogram, revocations };
}

/** Credentials so short that keys are also taken out of the account JWT in that time. */
async function whenBusy(setting: Setting): Promise<UnderLoad> {
  await using _running = await setting.startManaged((tree) => {
    tree['accounts'].APP.rotation.every = '2s';
    tree['roles'].publisher.maxTtl = '10s';
  });
  const busy = await underLoad(setting, ROTATIONS);
  console.log(`${busy.rotations} rotations under load: ${busy.exchangesRefused} refused`);
  return busy;
}

function report({
  pushes,
  histogram,
  revocations,
  busy,
  throughput,
}: Calm & { readonly busy: UnderLoad; readonly throughput: Throughput }): string {
  const count = (value: number) => value.toLocaleString('en');
  const { milliseconds, connectionsEach } = revocations;
  return `One run of \`npm run bench -- rotation\`: a cluster of three nats-servers, the service and the load on ${cpus().length} cores.

\`\`\`
push to confirmed everywhere   ${spread(pushes)}   (${pushes.length} pushes, until each of three servers let in a user of the new key)
  by the service's own clock   mean ${round(histogram.meanMilliseconds)} ms, 99 % within ${round(histogram.p99BoundMilliseconds)} ms
${count(busy.rotations)} rotations under load        (${count(busy.retired)} keys taken out of the account JWT meanwhile)
  exchanges                    ${count(busy.exchanges)}, refused ${count(busy.exchangesRefused)}
  connects                     ${count(busy.connects)}, refused ${count(busy.connectsRefused)}
  connections cut early        ${count(busy.cutEarly)}
  lost otherwise               ${count(busy.lost)}
revocation to last disconnect  ${spread(milliseconds)}   (${milliseconds.length} identities, ${connectionsEach} connections each, on three servers)
managed keys to a given key    ${ratio(throughput, 'managed')}
  with ${milliseconds.length} revocations in force ${ratio(throughput, 'revoking')}
\`\`\``;
}

function spread(values: readonly number[]): string {
  const [p50, p99, most] = [0.5, 0.99, 1].map((part) => round(quantile(values, part)));
  return `p50 ${p50} ms, p99 ${p99} ms, longest ${most} ms`;
}

function ratio({ external, ...others }: Throughput, name: 'managed' | 'revoking'): string {
  const these = others[name];
  const rates = `${round(these.perSecond)}/s to ${round(external.perSecond)}/s`;
  const times = `${round(these.cpuMicroseconds)} µs to ${round(external.cpuMicroseconds)} µs`;
  return `${round(these.perSecond / external.perSecond, 2)}×   (${rates}; processor time of an exchange: ${times})`;
}
