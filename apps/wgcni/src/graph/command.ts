/** `wgcni graph`: what the page of a cluster-manager draws, as text, Mermaid or SVG. */
import { printMermaid, printSvg, printText } from '@wgcni/api/picture';
import { type Command, Option } from 'commander';
import type { Answer } from '../answer.ts';
import { columnsOf } from '../live/screen.ts';
import { type Targets, withManager } from '../targets.ts';

const forms = { text: printText, mermaid: printMermaid, svg: printSvg } as const;
type Form = keyof typeof forms;

export function addGraphCommand(
  program: Command,
  run: (work: (targets: Targets) => Promise<Answer>) => Promise<void>,
): void {
  program
    .command('graph')
    .description('nodes, tunnels and pools of the cluster, as the page of a cluster-manager draws them')
    .addOption(new Option('--as <form>', 'what it is printed as').choices(Object.keys(forms)).default('text'))
    .action(({ as }: { as: Form }) => run((targets) => graph(targets, as)));
}

/** As text it is as wide as the terminal. */
async function graph(targets: Targets, as: Form): Promise<Answer> {
  const value = await withManager(targets, (client) => client.overview());
  if (as === 'text') return { value, text: printText(value, columnsOf(process.stdout)) };
  return { value, text: forms[as](value), isDocument: true };
}
