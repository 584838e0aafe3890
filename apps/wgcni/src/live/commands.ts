/** `wgcni top`: what goes through a node now. */
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@wgcni/base';
import type { Command } from 'commander';
import type { Answer } from '../answer.ts';
import { completed } from '../earlier-status.ts';
import { type Targets, withNode } from '../targets.ts';
import { intervalOf } from './interval.ts';
import { ratesBetween, showRates } from './rates.ts';

export function addTopCommand(
  program: Command,
  run: (work: (targets: Targets) => Promise<Answer>) => Promise<void>,
): void {
  program
    .command('top')
    .description('who sends and receives how much by this node, now')
    .option('--interval <duration>', 'between the two looks', '2s')
    .action(({ interval }: { interval: string }) => run((targets) => top(targets, intervalOf('--interval', interval))));
}

async function top(targets: Targets, intervalMs: number): Promise<Answer> {
  const overSec = intervalMs / 1_000;
  const before = await withNode(targets, (client) => client.status());
  const beganMs = systemClock.monotonicMs();
  await targets.progress.during(`what goes by in ${overSec} s`, () => sleep(intervalMs));
  const after = await withNode(targets, (client) => client.status());
  const rates = ratesBetween(completed(before), completed(after), (systemClock.monotonicMs() - beganMs) / 1_000);
  return { value: rates, text: `${after.nodeId}, over ${overSec} s\n\n${showRates(rates)}` };
}
