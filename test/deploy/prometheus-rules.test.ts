import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { document, ROOT, tableKeys } from '../docs/documents.ts';
import { promtool } from '../support/promtool.ts';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}

const FOLDER = join(ROOT, 'deploy/prometheus');
const { groups } = parse(readFileSync(join(FOLDER, 'nats-sts.rules.yaml'), 'utf8')) as {
  groups: { name: string; rules: Alert[] }[];
};
const alerts = groups.flatMap(({ rules }) => rules);
const named = alerts.map((alert) => [alert.alert, alert] as const);

const metricsPage = document('docs/operations/metrics.md');
const documented = new Set(tableKeys(metricsPage));

/** The labels of each metric, from the table of metrics. */
const labels = new Map(
  [...metricsPage.text.matchAll(/^\| `(nats_sts_\w+)` \| \w+ \|([^|]*)\|/gm)].map(
    ([, metric = '', cell = '']) => [
      metric,
      [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    ],
  ),
);
/** Labels that Prometheus adds to every metric. */
const OF_PROMETHEUS = ['job', 'instance', 'le'];

function metricsOf({ expr }: Alert): string[] {
  const names = [...expr.matchAll(/\bnats_sts_\w+/g)].map(([name]) => name);
  return names.map((name) => name.replace(/_(?:bucket|sum|count)$/, ''));
}

function labelsOf({ expr, annotations }: Alert): string[] {
  const lists = [...expr.matchAll(/\b(?:by|on) \(([^)]+)\)/g)].flatMap(([, list = '']) =>
    list.split(', '),
  );
  const chosen = [...expr.matchAll(/[{,]\s*(\w+)\s*=~?"/g)].map(([, name = '']) => name);
  const described = [...(annotations['description'] ?? '').matchAll(/\$labels\.(\w+)/g)];
  return [...lists, ...chosen, ...described.map(([, name = '']) => name)];
}

test('there are alerts for the parts that can stop, each with its own name', () => {
  expect(alerts.length).toBeGreaterThan(12);
  expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
});

test.each(named)('%s uses existing metrics and labels', (_, alert) => {
  const metrics = metricsOf(alert);
  expect(metrics).not.toEqual([]);
  for (const metric of metrics) expect(documented).toContain(metric);
  const known = [...OF_PROMETHEUS, ...metrics.flatMap((metric) => labels.get(metric) ?? [])];
  for (const label of labelsOf(alert)) expect(known).toContain(label);
});

test.each(named)('%s says what happened, how bad it is, and where to read on', (name, alert) => {
  const { summary, description, runbook_url } = alert.annotations;
  expect([summary, description]).toEqual([expect.any(String), expect.any(String)]);
  expect(['warning', 'critical']).toContain(alert.labels.severity);
  expect(runbook_url).toBe(`docs/operations/alerts.md#${name.toLowerCase()}`);
});

test('every alert has its entry in docs/operations/alerts.md, and no other', () => {
  const { text } = document('docs/operations/alerts.md');
  const entries = [...text.matchAll(/^### (\w+)$/gm)].map(([, heading]) => heading);
  expect(entries).toEqual(alerts.map(({ alert }) => alert));
});

test.runIf(promtool)('they fire when they should, and only then', () => {
  const args = ['test', 'rules', join(FOLDER, 'nats-sts.rules.test.yaml')];
  expect(execFileSync(promtool ?? '', args, { encoding: 'utf8' })).toContain('SUCCESS');
});
