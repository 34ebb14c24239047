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
const REVOCATIONS_AMONG_MANY = 5;
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
  const crowd = await amongMany(setting);
  console.log(
    `\n<!-- bench rotation -->\n${report({ ...calm, busy, throughput, crowd })}\n<!-- /bench rotation -->`,
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
  const revocations = await revocationTimes(setting, { count: REVOCATIONS, name: 'leaver' });
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

interface Crowd {
  readonly alive: number;
  readonly revocations: RevocationTimes;
}

/** The same revocations with all the credentials alive that the throughput has left. */
async function amongMany(setting: Setting): Promise<Crowd> {
  await using _running = await setting.startManaged((tree) => {
    tree['store'].sqlite = './data/sts.db';
  });
  const alive = await setting.credentialsAlive();
  const count = REVOCATIONS_AMONG_MANY;
  return { alive, revocations: await revocationTimes(setting, { count, name: 'late-leaver' }) };
}

function report({
  pushes,
  histogram,
  revocations,
  busy,
  throughput,
  crowd,
}: Calm & {
  readonly crowd: Crowd;
  readonly busy: UnderLoad;
  readonly throughput: Throughput;
}): string {
  const count = (value: number) => value.toLocaleString('en');
  const { milliseconds, connectionsEach } = revocations;
  return `One run of \`npm run bench -- rotation\`: a cluster of three nats-servers, the service and the load on ${cpus().length} cores.

\`\`\`
push to confirmed everywhere   ${spread(pushes)}   (${pushes.length} pushes, until each of three servers let in a user of the new key)
  by the service's own clock   mean ${round(histogram.meanMilliseconds)} ms, 99 % within ${round(histogram.p99BoundMilliseconds)} ms
${`${count(busy.rotations)} rotations under load`.padEnd(31)}(${count(busy.retired)} keys taken out of the account JWT meanwhile)
  exchanges                    ${count(busy.exchanges)}, refused ${count(busy.exchangesRefused)}
  connects                     ${count(busy.connects)}, refused ${count(busy.connectsRefused)}
  connections cut early        ${count(busy.cutEarly)}
  lost otherwise               ${count(busy.lost)}
revocation to last disconnect  ${spread(milliseconds)}   (${milliseconds.length} identities, ${connectionsEach} connections each, on three servers)
  ${`among ${count(crowd.alive)} alive`.padEnd(29)}${spread(crowd.revocations.milliseconds)}   (${crowd.revocations.milliseconds.length} identities)
managed keys to a given key    ${cost(throughput, 'managed')}
  ${`with ${milliseconds.length} revocations`.padEnd(29)}${cost(throughput, 'revoking')}
\`\`\``;
}

function spread(values: readonly number[]): string {
  const [p50, p99, most] = [0.5, 0.99, 1].map((part) => round(quantile(values, part)));
  return `p50 ${p50} ms, p99 ${p99} ms, longest ${most} ms`;
}

/** By processor time: what else runs on the machine changes throughput, and hardly that. */
function cost({ external, ...others }: Throughput, name: 'managed' | 'revoking'): string {
  const these = others[name];
  const ratio = round(these.cpuMicroseconds / external.cpuMicroseconds, 2);
  const times = `${round(these.cpuMicroseconds)} µs to ${round(external.cpuMicroseconds)} µs`;
  const rates = `${round(these.perSecond)}/s to ${round(external.perSecond)}/s`;
  return `${ratio}× the processor time of an exchange   (${times}; at the peak ${rates})`;
}
