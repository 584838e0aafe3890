/** `wgcni drain` and `undrain`: whether a node takes attachments. */
import { parseDuration } from '@wgcni/api';
import { CatalogueError, systemClock } from '@wgcni/base';
import type { Command } from 'commander';
import type { Answer } from '../answer.ts';
import { withManager, type Targets } from '../targets.ts';
import { waitReleased } from './wait-released.ts';

export function addDrainCommands(
  program: Command,
  run: (work: (targets: Targets) => Promise<Answer>) => Promise<void>,
): void {
  program
    .command('drain <node>')
    .description('give a node no new attachments and release its subnets when the last is gone')
    .option('--wait [duration]', 'until they are released, for 10m at most or as said: status 1 if they are not')
    .action((node: string, { wait }: { wait?: string | true }) => run((targets) => drain(targets, node, wait)));
  program
    .command('undrain <node>')
    .description('let a drained node take attachments again')
    .action((node: string) => run((targets) => undrain(targets, node)));
}

async function drain(targets: Targets, nodeId: string, wait: string | true | undefined): Promise<Answer> {
  const mostMs = wait === undefined ? undefined : waitOf(wait === true ? '10m' : wait);
  return withManager(targets, async (manager) => {
    const value = await manager.drain(nodeId);
    if (mostMs === undefined)
      return { value, text: `${nodeId} takes no new attachments; its subnets are released when the last one is gone` };
    const waiter = { manager, clock: systemClock, progress: targets.progress };
    return {
      value: await waitReleased(waiter, nodeId, mostMs),
      text: `${nodeId} is drained: it holds no subnet any more`,
    };
  });
}

async function undrain(targets: Targets, nodeId: string): Promise<Answer> {
  const value = await withManager(targets, (manager) => manager.undrain(nodeId));
  return { value, text: `${nodeId} takes attachments again` };
}

/** Milliseconds. Throws CatalogueError `request.invalid`. */
function waitOf(text: string): number {
  const value = parseDuration(text);
  if (value !== undefined && value >= 1_000 && value <= 24 * 3_600_000) return value;
  throw new CatalogueError('request.invalid', `--wait "${text}" is not a duration between 1s and 24h`, {
    field: '--wait',
    remedy: 'write it like 90s or 30m',
  });
}
