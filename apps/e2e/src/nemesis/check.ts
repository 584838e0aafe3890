/** `make nemesis-check RUN=folder`: judges a recorded run again, without running anything. */
import { readHistory } from './history/read.ts';
import { tableOf } from './table.ts';
import { countViolations, judge } from './verdict.ts';

async function main([dir]: readonly string[]): Promise<number> {
  if (dir === undefined) throw new RangeError('name the folder of a run: RUN=.cache/nemesis/…');
  const verdict = judge(await readHistory(dir));
  process.stdout.write(`${tableOf(verdict).join('\n')}\n`);
  return countViolations(verdict) === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
