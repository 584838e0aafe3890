/** The reference of a program's metrics, written from its registry into its section of one page. */
import { readFile, writeFile } from 'node:fs/promises';
import type { MetricAbout, Metrics } from './metrics.ts';

/** The page that all programs share. */
const page = 'docs/reference/metrics.md';

const begin = (program: string): string => `<!-- metrics of ${program}, generated: make metrics-reference -->`;
const end = (program: string): string => `<!-- end of metrics of ${program} -->`;

/**
 * Writes the section; with `--check` fails when the committed one differs, with `--exposition` prints what Prometheus would be told.
 * Resolves with the exit status. Throws when the page has no such section.
 */
export async function tellMetrics(program: string, metrics: Metrics, argv: readonly string[]): Promise<number> {
  if (argv.includes('--exposition')) {
    process.stdout.write(await metrics.text());
    return 0;
  }
  const committed = await readFile(page, 'utf8');
  const written = withSection(committed, program, metrics.about);
  if (!argv.includes('--check')) {
    await writeFile(page, written);
    return 0;
  }
  if (committed === written) return 0;
  process.stderr.write(`${page} is not what ${program} tells: run "make metrics-reference" and commit it\n`);
  return 1;
}

/** The page with the section of the program as its registry says. Throws when the page has no place for it. */
export function withSection(text: string, program: string, about: readonly MetricAbout[]): string {
  const [from, to] = [text.indexOf(begin(program)), text.indexOf(end(program))];
  if (from < 0 || to < from) throw new Error(`${page} has no section of ${program}`);
  return `${text.slice(0, from)}${begin(program)}\n\n${tableOf(about)}\n${text.slice(to)}`;
}

function tableOf(about: readonly MetricAbout[]): string {
  const sorted = about.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const rows = sorted.map(({ name, type, help, labelNames }) => {
    const labels = labelNames.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${labels} | ${help} |\n`;
  });
  return `| Metric | Type | Labels | What it is |\n|---|---|---|---|\n${rows.join('')}`;
}
