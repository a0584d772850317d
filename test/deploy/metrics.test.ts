import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { watchClock } from '../../cli/clock.js';
import { showDisk } from '../../cli/diskMetrics.js';
import { showIndex, storeMeter } from '../../cli/indexMetrics.js';
import { showLog } from '../../cli/logMetrics.js';
import { MeasuredLog } from '../../cli/measuredLog.js';
import { nodeMetrics } from '../../cli/nodeMetrics.js';
import { showGroup, showSources } from '../../cli/sourceMetrics.js';
import { EmbeddedLog } from '../../indexers/log/embedded.js';
import { relayMetrics } from '../../relay/metrics.js';
import { MemoryStore } from '../../storage/memory.js';
import { findProgram } from '../support/programs.js';
import { ROOT, readText, rules } from './files.js';

interface Exported {
  readonly type: string;
  readonly labels: readonly string[];
}

/** What the roles' registries have, by the names that Prometheus sees. */
function exported(): Map<string, Exported> {
  const relay = relayMetrics().registry;
  const more = new Registry();
  const log = new EmbeddedLog(new MemoryStore());
  showLog({ status: () => [] } as unknown as Parameters<typeof showLog>[0], more);
  new MeasuredLog(log).show(more);
  storeMeter(more);
  showIndex({} as Parameters<typeof showIndex>[0], log, more);
  showDisk('/', more);
  showSources(() => [], more);
  void watchClock([], more, { warn: () => undefined })();
  showGroup([], () => ({ chains: [], losses: 0 }), more);
  const all = new Map<string, Exported>();
  for (const registry of [relay, more, nodeMetrics().registry])
    for (const metric of registry.getMetricsAsArray()) {
      // prom-client has them, and does not declare them.
      const { labelNames: labels = [] } = metric as unknown as { labelNames?: string[] };
      const type = String((metric as unknown as { type?: string }).type);
      if (type !== 'histogram') all.set(metric.name, { type, labels });
      else
        for (const part of ['bucket', 'count', 'sum'])
          all.set(`${metric.name}_${part}`, {
            type: 'counter',
            labels: part === 'bucket' ? [...labels, 'le'] : labels,
          });
    }
  return all;
}

/** What other programs show: HAProxy's and ClickHouse's own exporters, and Prometheus itself. */
const OTHERS: Readonly<Record<string, Exported>> = {
  up: { type: 'gauge', labels: [] },
  ALERTS: { type: 'gauge', labels: ['alertname', 'alertstate', 'severity'] },
  haproxy_backend_active_servers: { type: 'gauge', labels: ['proxy'] },
  haproxy_frontend_current_sessions: { type: 'gauge', labels: ['proxy'] },
  haproxy_frontend_http_responses_total: { type: 'counter', labels: ['proxy', 'code'] },
  ClickHouseProfileEvents_Query: { type: 'counter', labels: [] },
  ClickHouseProfileEvents_InsertedRows: { type: 'counter', labels: [] },
  ClickHouseMetrics_MemoryTracking: { type: 'gauge', labels: [] },
};
const metrics = new Map([...exported(), ...Object.entries(OTHERS)]);

const Dashboard = z.object({
  uid: z.string(),
  title: z.string(),
  templating: z.object({
    list: z.array(z.object({ name: z.string(), query: z.object({ query: z.string() }) })),
  }),
  panels: z.array(
    z.object({
      id: z.number(),
      type: z.enum(['timeseries', 'stat']),
      title: z.string(),
      datasource: z.object({ uid: z.literal('prometheus') }),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      targets: z.array(z.object({ refId: z.string(), expr: z.string(), legendFormat: z.string() })).min(1),
    }),
  ),
});
const FOLDER = 'deploy/grafana/dashboards';
const dashboards = readdirSync(join(ROOT, FOLDER)).map(
  (file) => [file, Dashboard.parse(JSON.parse(readText(`${FOLDER}/${file}`)))] as const,
);
const expressions = [
  ...dashboards.flatMap(([file, { panels, templating }]) => [
    ...panels.flatMap(({ title, targets }) =>
      targets.map(({ expr, legendFormat }) => ({ where: `${file}: ${title}`, expr, legend: legendFormat })),
    ),
    ...templating.list.map(({ name, query }) => ({
      where: `${file}: $${name}`,
      expr: /^label_values\((.*), \w+\)$/.exec(query.query)?.[1] ?? '',
      legend: '',
    })),
  ]),
  ...rules.map(({ alert, expr, annotations }) => ({
    where: `alert ${alert}`,
    expr,
    legend: `${annotations.summary} ${annotations.description}`,
  })),
];

const WORDS = new Set(
  'by on or and unless without sum min max count vector rate increase delta deriv changes histogram_quantile'.split(
    ' ',
  ),
);
/** Those that Prometheus adds. */
const ADDED = ['job', 'instance'];

/** Its selectors' metrics, with what is written right after each. */
function selectors(
  expr: string,
): { readonly name: string; readonly matchers: string; readonly range: boolean }[] {
  const bare = expr.replace(/\b(by|on|without) \([^)]*\)/g, '');
  return [...bare.matchAll(/(?<![\w"$~])([A-Za-z_]\w*)(?![\w(])(\{[^}]*\})?(\[[^\]]+\])?/g)]
    .filter(([, name = '', , ,]) => !WORDS.has(name))
    .filter(({ index }) => !inside(bare, index))
    .map(([, name = '', matchers = '', range]) => ({ name, matchers, range: range !== undefined }));
}

/** Whether a place is within braces, brackets or quotes. */
function inside(text: string, at: number): boolean {
  const before = text.slice(0, at);
  const count = (char: string) => before.split(char).length - 1;
  return count('{') > count('}') || count('[') > count(']') || count('"') % 2 === 1;
}

describe.each(expressions)('$where', ({ expr, legend }) => {
  test('uses what some service shows, by labels that it has', () => {
    const used = selectors(expr);
    expect(used.length, expr).toBeGreaterThan(0);
    const labels = new Set(ADDED);
    for (const { name, matchers } of used) {
      const metric = metrics.get(name);
      expect(metric, name).toBeDefined();
      for (const label of metric?.labels ?? []) labels.add(label);
      for (const [, label = ''] of matchers.matchAll(/(\w+)\s*(?:=~|!=|!~|=)/g))
        expect([...ADDED, ...(metric?.labels ?? [])], `${name}{${label}}`).toContain(label);
    }
    for (const [, list = ''] of expr.matchAll(/\b(?:by|on|without) \(([^)]*)\)/g))
      for (const label of list.split(', ')) expect([...labels], expr).toContain(label);
    for (const [, label = ''] of legend.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)/g))
      expect([...labels], legend).toContain(label);
  });

  test('asks for a rate of what counts, and only of that', () => {
    for (const [, operation = '', name = ''] of expr.matchAll(
      /\b(rate|increase|delta|deriv|changes)\((\w+)/g,
    )) {
      const counts = metrics.get(name)?.type === 'counter';
      expect(counts, `${operation} of ${name}`).toBe(operation === 'rate' || operation === 'increase');
    }
    for (const { name, range } of selectors(expr))
      if (metrics.get(name)?.type === 'counter') expect(range, name).toBe(true);
    if (expr.includes('histogram_quantile')) expect(expr).toMatch(/by \(le\b.*_bucket/);
  });
});

describe('dashboards', () => {
  test.each(dashboards)('%s: its panels do not lie on each other', (_, { panels }) => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  test('have names of their own', () => {
    expect(new Set(dashboards.map(([, { uid }]) => uid)).size).toBe(dashboards.length);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  test('show every number of ours somewhere, or an alert watches it', () => {
    const used = new Set(expressions.flatMap(({ expr }) => selectors(expr).map(({ name }) => name)));
    const ours = [...metrics.keys()].filter((name) => name.startsWith('crossroot_'));
    expect(ours.filter((name) => !used.has(name) && !/_(sum|count|bucket)$/.test(name))).toEqual([]);
  });
});

const promtool = findProgram('promtool');
if (promtool === undefined) console.warn('promtool is not on PATH: Prometheus’s own check is skipped');

describe.skipIf(promtool === undefined)('promtool', () => {
  const check = (...args: string[]) => execFileSync(promtool ?? '', ['check', ...args], { encoding: 'utf8' });

  test('takes configuration and rules', () => {
    expect(check('config', join(ROOT, 'deploy/prometheus/prometheus.yml'))).toContain(
      `${rules.length} rules`,
    );
  });

  test('takes every expression of the dashboards', () => {
    const folder = mkdtempSync(join(tmpdir(), 'crossroot-rules-'));
    const file = join(folder, 'rules.json');
    const queries = expressions.map(({ expr }, i) => ({
      record: `query_${i}`,
      expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$chain', '.*'),
    }));
    // JSON is YAML too.
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'queries', rules: queries }] }));
    try {
      expect(check('rules', file)).toContain(`${queries.length} rules`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
