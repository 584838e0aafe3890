/** `wgcni completion` and `wgcni man`: written from the command line's own words, so that they cannot lag behind. */
import { type Command, Argument } from 'commander';
import type { Answer } from '../answer.ts';
import { completionFor, type Shell, shells } from './completion.ts';
import { manPage } from './man-page.ts';
import { wordsOf } from './words.ts';

export function addShellCommands(
  program: Command,
  version: string,
  run: (work: () => Promise<Answer>) => Promise<void>,
): void {
  const print = (text: string): Promise<void> => run(() => Promise.resolve({ value: { text }, text: text.trimEnd() }));
  program
    .command('completion')
    .description('print what a shell needs to complete these words: source it')
    .addArgument(new Argument('<shell>', 'which').choices(shells))
    .action((shell: Shell) => print(completionFor(shell, wordsOf(program))));
  program
    .command('man')
    .description('print the man page of these words: wgcni man | man -l -')
    .action(() => print(manPage(wordsOf(program), version)));
}
