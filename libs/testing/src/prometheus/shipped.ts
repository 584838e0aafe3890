/** The rules, their tests and the dashboard that ship in deploy/prometheus, and what the programs tell. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const tree = join(import.meta.dirname, '../../../..');
export const folder = join(tree, 'deploy/prometheus');
export const programs = ['node-manager', 'cluster-manager'] as const;

export interface Rule {
  alert: string;
  expr: string;
  for?: string;
  annotations: { summary: string; runbook: string };
}

export interface RuleTest {
  name: string;
  alert_rule_test: { alertname: string; exp_alerts: unknown[] }[];
}

export interface Panel {
  title: string;
  queries: string[];
}

/** The text that a program would tell, with a sample of each metric. */
export function expositionOf(program: (typeof programs)[number]): string {
  const argv = [`apps/${program}/src/describe-metrics.ts`, '--exposition'];
  const { status, stdout, stderr } = spawnSync('node_modules/.bin/tsx', argv, { cwd: tree, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} does not tell its metrics: ${stderr}`);
  return stdout;
}

export function shippedRules(): Rule[] {
  const { groups } = parse(readFileSync(join(folder, 'alerts.yaml'), 'utf8')) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

export function shippedTests(): RuleTest[] {
  return (parse(readFileSync(join(folder, 'alerts.test.yaml'), 'utf8')) as { tests: RuleTest[] }).tests;
}

/** The panels that ask something. */
export function shippedPanels(): Panel[] {
  interface Row {
    title: string;
    targets?: { expr: string }[];
    panels?: Row[];
  }
  const { panels } = JSON.parse(readFileSync(join(folder, 'dashboard.json'), 'utf8')) as { panels: Row[] };
  return panels
    .flatMap((panel) => [panel, ...(panel.panels ?? [])])
    .map(({ title, targets = [] }) => ({ title, queries: targets.map(({ expr }) => expr) }))
    .filter(({ queries }) => queries.length > 0);
}

/** Headings of the page that says what each rule means. */
export function runbookSections(): Set<string> {
  const page = readFileSync(join(tree, 'docs/alerts.md'), 'utf8');
  return new Set([...page.matchAll(/^### (.*)$/gm)].map(([, heading = '']) => heading));
}
