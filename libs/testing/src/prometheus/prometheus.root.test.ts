/**
 * What ships for Prometheus, judged by promtool and by what the programs tell:
 *
 *   node-manager, cluster-manager ──a sample of each metric──▶ names, labels ◀── rules, dashboard
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metricsIn, selectorsIn } from './expression.ts';
import { promtool } from './promtool.ts';
import {
  expositionOf,
  folder,
  programs,
  runbookSections,
  shippedPanels,
  shippedRules,
  shippedTests,
} from './shipped.ts';
import { toldIn, unsampled } from './told.ts';

/** What Prometheus itself knows of whom it asks. */
const ownMetrics = ['up'];
const ownLabels = ['job', 'instance'];

const texts = new Map<string, string>();
let scratch: string;
beforeAll(() => {
  for (const program of programs) texts.set(program, expositionOf(program));
  scratch = mkdtempSync(join(tmpdir(), 'wgcni-prometheus-'));
});
afterAll(() => rmSync(scratch, { recursive: true }));

describe.each(programs)('what %s tells', (program) => {
  it('follows the conventions, metric by metric', () => {
    const text = texts.get(program) ?? '';
    // Of the library, what it reads from the kernel or has not measured yet may be missing; of ours nothing.
    expect(unsampled(text).filter((name) => name.startsWith('wgcni_'))).toEqual([]);
    expect(promtool(['check', 'metrics'], { input: text })).toEqual({ isGood: true, text: '' });
  });

  it('would be refused under another name', () => {
    const wrong = (texts.get(program) ?? '').replaceAll('wgcni_build_info', 'wgcni_build_total');
    expect(promtool(['check', 'metrics'], { input: wrong }).text).toContain('wgcni_build_total');
  });
});

describe('the rules', () => {
  it('are rules, and do what their tests say', () => {
    expect(promtool(['check', 'rules', 'alerts.yaml'], { cwd: folder })).toMatchObject({ isGood: true });
    const { isGood, text } = promtool(['test', 'rules', 'alerts.test.yaml'], { cwd: folder });
    expect(isGood, text).toBe(true);
  });

  it('have a test each in which they fire, and one in which they do not', () => {
    const tried = shippedTests().flatMap(({ alert_rule_test }) => alert_rule_test);
    const names = (doFire: boolean): Set<string> =>
      new Set(tried.filter(({ exp_alerts }) => exp_alerts.length > 0 === doFire).map(({ alertname }) => alertname));
    const all = shippedRules()
      .map(({ alert }) => alert)
      .sort();
    expect([...names(true)].sort()).toEqual(all);
    expect([...names(false)].sort()).toEqual(all);
  });

  it('name the section that says what to do, and every section is of a rule', () => {
    const rules = shippedRules();
    for (const { alert, annotations } of rules)
      expect(annotations.runbook).toBe(`docs/alerts.md#${alert.toLowerCase()}`);
    expect([...runbookSections()].sort()).toEqual(rules.map(({ alert }) => alert).sort());
  });
});

it('the queries of the dashboard are queries, in panels that each say what they show', () => {
  const queries = shippedPanels().flatMap(({ queries: asked }) => asked);
  expect(queries.length).toBeGreaterThan(40);
  const rules = queries.map((expr, index) => ({
    record: `panel:query:${index}`,
    expr: expr.replaceAll('$__rate_interval', '5m'),
  }));
  const path = join(scratch, 'panels.yaml');
  writeFileSync(path, stringify({ groups: [{ name: 'panels', rules }] }));
  expect(promtool(['check', 'rules', path])).toMatchObject({ isGood: true });
  writeFileSync(path, stringify({ groups: [{ name: 'panels', rules: [{ record: 'a', expr: 'sum by (x' }] }] }));
  expect(promtool(['check', 'rules', path])).toMatchObject({ isGood: false });
});

it('no query names a metric or a label that no program tells', () => {
  const told = new Map([...texts.values()].flatMap((text) => [...toldIn(text)]));
  const queries = [
    ...shippedRules().map(({ expr }) => expr),
    ...shippedPanels().flatMap(({ queries: asked }) => asked),
  ];
  const named = new Set(queries.flatMap((query) => metricsIn(query)));
  expect([...named].filter((name) => !told.has(name) && !ownMetrics.includes(name))).toEqual([]);
  const strange = queries
    .flatMap((query) => selectorsIn(query))
    .filter(([metric, label]) => !ownLabels.includes(label) && told.get(metric)?.has(label) !== true);
  expect(strange).toEqual([]);
  expect(named.size).toBeGreaterThan(30);
});
