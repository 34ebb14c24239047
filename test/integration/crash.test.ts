import { expect, test } from 'vitest';
import { startServiceProcess } from '../support/service-process.ts';
import { prepareService } from '../support/service-world.ts';
import { steadyStream } from '../support/steady-stream.ts';

test('nothing is issued that is not recorded: every credential that a caller received before kill -9 is in the audit log', async () => {
  await using ground = await prepareService({ nats: false });
  const token = await ground.token();
  const received = new Set<string>();
  for (let round = 0; round < 4; round += 1) {
    await using service = await startServiceProcess(ground);
    const stream = steadyStream(async () => {
      const response = await service.exchange(token);
      const { subject } = (await response.clone().json()) as { subject: string };
      received.add(subject);
      return response;
    }, 16);
    // Somewhere in the middle of the work, wherever that is each time.
    await stream.answered(50 + Math.floor(Math.random() * 400));
    service.signal('SIGKILL');
    await service.exited;
    await stream.stop();
  }
  const recorded = new Set(
    ground.audit({ type: 'issued' }).map((event) => event.type === 'issued' && event.user),
  );
  expect(received.size).toBeGreaterThan(200);
  expect([...received].filter((user) => !recorded.has(user))).toEqual([]);
});
