/** Writes the commands of wgcni into docs/reference/flags.md; with --check, fails when they stand there otherwise. */
import { printReference } from '@wgcni/api/server';
import type { Command, Option } from 'commander';
import { program } from './main.ts';

/** One row for each command that does something, with its own flags. */
function rowsOf(command: Command, before: string): string[] {
  const words = `${before}${command.name()}`;
  const inner = command.commands.flatMap((one) => rowsOf(one, `${words} `));
  // A word with further words behind it may do something by itself; commander does not say so otherwise.
  if (inner.length > 0 && (command as unknown as { _actionHandler: unknown })._actionHandler === null) return inner;
  const takes = command.registeredArguments.map((one) => (one.required ? ` <${one.name()}>` : ` [${one.name()}]`));
  return [
    row([`\`${words}${takes.join('')}\``, command.description(), command.options.map(told).join('<br>')]),
    ...inner,
  ];
}

function told({ flags, description, envVar, defaultValue, mandatory }: Option): string {
  const notes = [
    ...(envVar === undefined ? [] : [`\`${envVar}\``]),
    ...(typeof defaultValue === 'string' ? [`default: ${defaultValue}`] : []),
    ...(mandatory ? ['needed'] : []),
  ];
  return `\`${flags}\` ${description}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

const part = [
  '## wgcni',
  '',
  program.description(),
  '',
  'Of every command:',
  '',
  ...program.options.map((option) => `- ${told(option)}`),
  '',
  '| Command | Does | Flags of its own |',
  '|---|---|---|',
  ...rowsOf(program, ''),
  '',
].join('\n');

void printReference(part, process.argv.slice(2)).then((status) => (process.exitCode = status));
