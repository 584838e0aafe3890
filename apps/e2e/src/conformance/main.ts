/** `make conformance`: the suite on our plugin and on the reference, or on the one that a description names. */
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describedSubject, type SubjectDescription } from './described-subject.ts';
import { nodeSubject } from './node-subject.ts';
import { referenceDeviations } from './reference-deviations.ts';
import { referenceSubject } from './reference-subject.ts';
import { runSuite, type Outcomes } from './run-suite.ts';
import type { SubjectSource } from './subject.ts';
import { conformanceTable, type Column } from './table.ts';

const page = resolve(import.meta.dirname, '../../../../docs/conformance.md');

/** The columns of the page, in order; our plugin alone where the network's link is another than the page's. */
const hasVeths = process.env.WGCNI_LINK === 'veth';
const usual = hasVeths
  ? [{ source: nodeSubject({ link: 'veth' }), deviations: {} }]
  : [
      { source: nodeSubject(), deviations: {} },
      { source: referenceSubject(), deviations: referenceDeviations },
    ];

async function run(source: SubjectSource, only: string | undefined): Promise<Outcomes> {
  process.stderr.write(`\n${source.name}\n`);
  return runSuite(source, {
    told: ({ id }, outcome) =>
      process.stderr.write(`  ${outcome.kind.padEnd(9)} ${id}${'why' in outcome ? `: ${outcome.why}` : ''}\n`),
    ...(only === undefined ? {} : { isMeant: ({ id }) => id.includes(only) }),
  });
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true });
  const [description] = positionals;
  const subjects =
    description === undefined
      ? usual
      : [
          {
            source: describedSubject(JSON.parse(await readFile(description, 'utf8')) as SubjectDescription),
            deviations: {},
          },
        ];
  const columns: Column[] = [];
  for (const { source, deviations } of subjects) {
    columns.push({ name: source.name, outcomes: await run(source, values.only), deviations });
  }
  const table = conformanceTable(columns);
  process.stdout.write(table);
  // The page is of the whole suite on the usual two.
  if (description === undefined && values.only === undefined && !hasVeths) await writeFile(page, table);
  return [...(columns[0]?.outcomes.values() ?? [])].some(({ kind }) => kind === 'failed') ? 1 : 0;
}

process.exitCode = await main();
