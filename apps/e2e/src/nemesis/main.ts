/**
 * `make nemesis`: faults for DURATION seconds from SEED, by the nemeses whose names contain ONLY, none for longer than LONGEST
 * seconds; ends with the table and with 1 when a promise was broken. With CLOCKS=wild a leader's clock runs at twice or half the
 * rate, and only the ownership in etcd is judged.
 */
import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import { runCampaign, runDirectory } from './campaign.ts';
import { wildClockNemeses, wildClockRate } from './nemeses/clocks.ts';
import { allNemeses } from './nemeses/index.ts';
import { shortened } from './nemeses/nemesis.ts';
import { tableOf } from './table.ts';
import { countViolations, judge } from './verdict.ts';

async function main(): Promise<number> {
  const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31));
  const durationMs = Number(process.env['DURATION'] ?? 600) * 1_000;
  const only = process.env['ONLY'] ?? '';
  const isWild = process.env['CLOCKS'] === 'wild';
  const longestMs = Number(process.env['LONGEST'] ?? Infinity) * 1_000;
  const named = (isWild ? wildClockNemeses : allNemeses).filter(({ name }) => name.includes(only));
  const nemeses = shortened(named, longestMs);
  if (nemeses.length === 0) throw new RangeError(`no nemesis has "${only}" in its name`);
  const dir = runDirectory(resolve(import.meta.dirname, '../../../..'), seed, new Date());
  process.stdout.write(`seed ${seed}; everything is written to ${dir}\n`);
  const told = (line: string): void => void process.stdout.write(`${line}\n`);
  const rate = isWild ? { clockRate: wildClockRate } : {};
  const verdict = judge(await runCampaign({ seed, nemeses, durationMs, dir, told, ...rate }));
  process.stdout.write(`seed ${seed}\n${tableOf(verdict).join('\n')}\n`);
  return countViolations(verdict) === 0 && verdict.invalid.length === 0 ? 0 : 1;
}

process.exitCode = await main();
