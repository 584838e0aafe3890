/** Writes the commands of wgcni into docs/reference/flags.md; with --check, fails when they stand there otherwise. */
import { printReference } from '@wgcni/api/server';
import { programOf } from './program.ts';
import { silentOutlet } from './run/outlet.ts';
import { type Shape, jsonShapes } from './run/json-shapes.ts';
import { allWords, type Words, wordsOf } from './shell/words.ts';

const root = wordsOf(programOf('', silentOutlet, { out: '', err: '' }));

function told({ flags, about, variable, otherwise, isNeeded }: Words['options'][number]): string {
  const notes = [
    ...(variable === undefined ? [] : [`\`${variable}\``]),
    ...(otherwise === undefined ? [] : [`default: ${otherwise}`]),
    ...(isNeeded ? ['needed'] : []),
  ];
  return `\`${flags}\` ${about}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`;
}

function rowOf({ path, args, about, options }: Words): string {
  const cells = [
    `\`${[path, args].join(' ').trim()}\``,
    about,
    options.map(told).join('<br>'),
    shapeText(jsonShapes[path]),
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

const printing = [
  'stdout has the answer and nothing else; a command that fails leaves it empty. stderr has what is wrong, and on a terminal what is waited for.',
  '',
  'With `--json` stdout is one JSON document, of the shape that is named below; a name is a schema in `openapi/`. `events --follow` and `--watch` go on: a document in each line. stderr is a document in each line too:',
  '',
  '- `{"error": {"code", "message", "field", "remedy", "retryable"}}`: why the command failed; the code is of the catalogue that the servers answer by, `field` (what was wrong) and `remedy` are left out where there is none, `retryable` says whether the same command may work later;',
  '- `{"warning": {"message"}}`: what is wrong while it goes on.',
  '',
  '`--help` is text always. Fields may come to be with later versions; none goes or means something else.',
  '',
  '| Status | Is |',
  '|---|---|',
  '| 0 | done; also whoever goes on and is stopped by SIGINT or SIGTERM |',
  '| 1 | refused or failed; or, with an answer, `doctor` found a fault, or `etcd status` something to set up |',
  '| 2 | a word, flag or file that cannot be used (`request.invalid`, `config.invalid`) |',
];

function shapeText(shape: Shape | undefined): string {
  if (shape === undefined) return '';
  const of = shape.isSchema ? `\`${shape.of}\`` : shape.of;
  return shape.kind === 'list' ? `list of ${of}` : of;
}

const part = [
  ...['## wgcni', '', `${root.about}.`, '', 'Of every command:', ''],
  ...root.options.map((option) => `- ${told(option)}`),
  ...['', '### What it prints', '', ...printing],
  ...['', '### Commands', '', '| Command | Does | Flags of its own | With `--json` |', '|---|---|---|---|'],
  ...allWords(root)
    .filter(({ below }) => below.length === 0)
    .map(rowOf),
  '',
].join('\n');

void printReference(part, process.argv.slice(2)).then((status) => (process.exitCode = status));
