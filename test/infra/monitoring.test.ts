import { parser } from '@prometheus-io/lezer-promql';
import { createRequire } from 'node:module';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findServer } from '../../infra/server/find.js';
import { WorkerMetrics } from '../../worker/metrics/worker-metrics.js';

const folder = join(import.meta.dirname, '../../infra/monitoring');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string };
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const alerts = (parse(read('alerts.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  ({ rules }) => rules,
);
const dashboard = JSON.parse(read('grafana-dashboard.json')) as { readonly panels: readonly Panel[] };

interface Expression {
  /** Nothing where it is PromQL. */
  readonly errors: readonly string[];
  readonly metrics: readonly string[];
  /** In matchers and groupings. */
  readonly labels: readonly string[];
}

/** Reads an expression by Prometheus' own grammar. */
function understood(expr: string): Expression {
  // Grafana puts a duration there.
  const text = expr.replaceAll('$__rate_interval', '5m');
  const found: Record<'errors' | 'metrics' | 'labels', string[]> = { errors: [], metrics: [], labels: [] };
  parser.parse(text).iterate({
    enter: ({ name, type, from, to, node }) => {
      const words = text.slice(from, to);
      if (type.isError) found.errors.push(`at ${from} of ${text}`);
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') found.metrics.push(words);
      if (name === 'LabelName') found.labels.push(words);
    },
  });
  return found;
}

const panels = dashboard.panels.filter(({ type }) => type !== 'row');
const expressions: [string, string][] = [
  ...alerts.map(({ alert, expr }): [string, string] => [alert, expr]),
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }): [string, string] => [title, expr])),
];

const ours = new Map(
  new WorkerMetrics().instruments.flatMap(({ definition: { name, type, labels } }) =>
    type === 'histogram'
      ? ['bucket', 'sum', 'count'].map((part): [string, readonly string[]] => [
          `${name}_${part}`,
          [...labels, 'le'],
        ])
      : [[name, labels] as const],
  ),
);

/** What the SDK's native part is compiled of: names that it exports only once something went wrong are in it, too. */
const sdk = (() => {
  const require = createRequire(import.meta.url);
  const releases = join(dirname(require.resolve('@temporalio/core-bridge/package.json')), 'releases');
  const [release = ''] = readdirSync(releases);
  return readFileSync(join(releases, release, 'index.node'));
})();
const server = findServer();

const isOfSdk = (name: string): boolean =>
  name.startsWith('temporal_') &&
  sdk.includes(name.replace(/^temporal_/, '').replace(/_(bucket|sum|count)$/, ''));
/** Of Temporal's server, which Prometheus scrapes as well. */
const isOfServer = (name: string): boolean =>
  name.startsWith('schedule_') && (server === null || readFileSync(server.path).includes(name));

describe('alerts and dashboard', () => {
  it.each(expressions)('are PromQL that asks for what is exported: %s', (_, expr) => {
    const { errors, metrics, labels } = understood(expr);
    expect(errors).toEqual([]);
    expect(metrics.length).toBeGreaterThan(0);
    for (const name of metrics)
      expect(ours.has(name) || name === 'up' || isOfSdk(name) || isOfServer(name), name).toBe(true);
    // Those of the SDK are known from a run alone: see test/cli/watched-worker.test.ts.
    if (!metrics.every((name) => ours.has(name))) return;
    const known = ['instance', 'job', ...metrics.flatMap((name) => ours.get(name) ?? [])];
    for (const label of labels) expect(known, `${label} of ${metrics.join(', ')}`).toContain(label);
  });

  it('know when they do not: a typing error in a name, a label or the syntax', () => {
    expect(understood('sum(foldwise_folds').errors).not.toEqual([]);
    expect(understood('rate(foldwise_fold{state="x"}[5m])')).toMatchObject({
      metrics: ['foldwise_fold'],
      labels: ['state'],
    });
    expect(ours.has('foldwise_fold')).toBe(false);
    expect(isOfSdk('temporal_no_such_metric')).toBe(false);
    expect(isOfServer('schedule_no_such_metric') && server !== null).toBe(false);
  });

  it('warn once each, of all that somebody has to look at', () => {
    const names = alerts.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    for (const { alert, labels, annotations } of alerts) {
      expect(alert).toMatch(/^Foldwise[A-Z]/);
      expect(['info', 'warning', 'critical']).toContain(labels.severity);
      expect(annotations.summary).toMatch(/^[A-Z]/);
    }
    const documented = readFileSync(join(folder, '../../docs/operations.md'), 'utf8');
    for (const name of names) expect(documented).toContain(`\`${name}\``);
  });

  it('name in their words only labels that the expression leaves', () => {
    for (const { expr, annotations } of alerts) {
      const used = [...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label ?? '');
      const grouped = /\bby \(([^)]*)\)/.exec(expr)?.[1]?.split(/, */);
      for (const label of used) if (grouped !== undefined) expect(grouped).toContain(label);
    }
  });

  it('have panels that lie side by side and over no other', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const taken = new Set<string>();
    for (const {
      gridPos: { h, w, x, y },
    } of dashboard.panels) {
      expect(x + w).toBeLessThanOrEqual(24);
      for (let row = y; row < y + h; row++)
        for (let column = x; column < x + w; column++) {
          expect(taken.has(`${row} ${column}`)).toBe(false);
          taken.add(`${row} ${column}`);
        }
    }
    for (const { targets = [] } of panels) expect(targets.length).toBeGreaterThan(0);
  });

  it('show every metric of a worker somewhere', () => {
    const shown = expressions.flatMap(([, expr]) => understood(expr).metrics);
    for (const { definition } of new WorkerMetrics().instruments)
      expect(
        shown.some((name) => name.startsWith(definition.name)),
        definition.name,
      ).toBe(true);
  });

  it('are what the example of a configuration names', () => {
    const example = parse(read('prometheus.yaml')) as {
      rule_files: string[];
      scrape_configs: { job_name: string }[];
    };
    expect(example.rule_files).toEqual(['alerts.yaml']);
    expect(example.scrape_configs.map(({ job_name }) => job_name)).toContain('foldwise');
  });
});
