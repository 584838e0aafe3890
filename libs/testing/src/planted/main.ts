/** `make planted`: plants each bug in a copy of the tree and demands that the suite goes red for it, and is green without. */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.ts';
import { withTable } from './document.ts';
import { plantedBugs } from './manifest.ts';
import { documentPath, treeRoot } from './places.ts';
import { closingLine, missedIn, tableOf } from './table.ts';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      /** Part of the names of the bugs to plant. */
      only: { type: 'string', default: '' },
      /** What `make test` runs. */
      quick: { type: 'boolean', default: false },
      /** Write the table of the documentation, plant nothing. */
      document: { type: 'boolean', default: false },
    },
  });
  if (values.document) {
    await writeFile(documentPath, withTable(await readFile(documentPath, 'utf8'), plantedBugs));
    return 0;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => stop.abort(new Error(`ended by ${name}`)));
  const bugs = plantedBugs.filter(({ name }) => name.includes(values.only));
  const { rows, unsound } = await runCampaign(treeRoot, { bugs, isQuick: values.quick, signal: stop.signal }, print);
  print('');
  for (const line of tableOf(rows)) print(line);
  for (const why of unsound) print(`RED WITHOUT A BUG, so no red above counts: ${why}`);
  print(closingLine(rows));
  return rows.length === 0 || unsound.length > 0 || missedIn(rows).length > 0 ? 1 : 0;
}

process.exitCode = await main();
