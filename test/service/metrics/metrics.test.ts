import { spawnSync } from 'node:child_process';
import { Gauge, Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scraper } from '../../../src/service/metrics/process-metrics.ts';
import { promtool } from '../../support/promtool.ts';
import { prepareRotation } from '../../support/rotation-world.ts';
import { startRotatorProcess } from '../../support/rotator-process.ts';
import { startServiceWorld } from '../../support/service-world.ts';

/** What each command answers at `/metrics`, with everything in it that a process can have. */
const texts = new Map<string, string>();

beforeAll(async () => {
  await using world = await startServiceWorld({ nats: false });
  await world.credential(await world.token());
  texts.set('serve', await (await fetch(`${world.url}/metrics`)).text());
  await using ground = await prepareRotation({ size: 1 });
  await using rotator = startRotatorProcess(ground, '--listen', '127.0.0.1:0');
  const { url } = await rotator.logged('listening');
  await ground.activated(1);
  texts.set('rotator', await (await fetch(`${String(url)}/metrics`)).text());
});
afterAll(() => texts.clear());

describe.each(['serve', 'rotator'])('the metrics of nats-sts %s', (command) => {
  const text = () => texts.get(command) ?? '';

  test('show by their names which are counters, and all have a help text', () => {
    const types = [...text().matchAll(/^# TYPE (\S+) (\S+)$/gm)];
    expect(types.length).toBeGreaterThan(20);
    for (const [, name = '', type] of types) {
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      expect(text()).toMatch(new RegExp(`^# HELP ${name} \\S`, 'm'));
    }
  });

  test.runIf(promtool)('pass promtool check metrics', () => {
    const { status, stdout, stderr } = spawnSync(promtool ?? '', ['check', 'metrics'], {
      input: text(),
      encoding: 'utf8',
    });
    expect([status, stdout, stderr]).toEqual([0, '', '']);
  });
});

test('however often the metrics are scraped, they are rendered at most ten times a second', async () => {
  const registry = new Registry();
  let rendered = 0;
  new Gauge({
    name: 'renderings',
    help: 'How often this was rendered',
    registers: [registry],
    collect() {
      rendered += 1;
      this.set(rendered);
    },
  });
  let now = 0;
  const scrape = scraper(registry, () => now);
  const ask = async (times: number) => {
    const answers = await Promise.all(Array.from({ length: times }, () => scrape()));
    return answers.map(({ text }) => Number(/^renderings (\d+)$/m.exec(text)?.[1]));
  };
  expect(await ask(3)).toEqual([1, 2, 3]);
  const many = await ask(1000);
  expect(rendered).toBe(10);
  expect(many.at(-1)).toBe(10);
  now = 1000;
  expect(await ask(1)).toEqual([11]);
});
