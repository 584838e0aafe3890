/** Writes the commands of wgcni into docs/reference/flags.md; with --check, fails when they stand there otherwise. */
import { printReference } from '@wgcni/api/server';
import { program } from './main.ts';
import { allWords, type Words, wordsOf } from './shell/words.ts';

const root = wordsOf(program);

function told({ flags, about, variable, otherwise, isNeeded }: Words['options'][number]): string {
  const notes = [
    ...(variable === undefined ? [] : [`\`${variable}\``]),
    ...(otherwise === undefined ? [] : [`default: ${otherwise}`]),
    ...(isNeeded ? ['needed'] : []),
  ];
  return `\`${flags}\` ${about}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`;
}

function rowOf({ path, args, about, options }: Words): string {
  const cells = [`\`${[path, args].join(' ').trim()}\``, about, options.map(told).join('<br>')];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

const part = [
  ...['## wgcni', '', `${root.about}.`, '', 'Of every command:', ''],
  ...root.options.map((option) => `- ${told(option)}`),
  ...['', '| Command | Does | Flags of its own |', '|---|---|---|'],
  ...allWords(root)
    .filter(({ below }) => below.length === 0)
    .map(rowOf),
  '',
].join('\n');

void printReference(part, process.argv.slice(2)).then((status) => (process.exitCode = status));
