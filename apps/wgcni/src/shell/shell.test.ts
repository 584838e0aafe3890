/** Completion in a real bash, and a man page that no word of ours breaks. */
import { execFileSync } from 'node:child_process';
import { Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { completionFor } from './completion.ts';
import { manPage } from './man-page.ts';
import { wordsOf } from './words.ts';

const program = new Command('wgcni')
  .description('Look at a cluster')
  .addOption(new Option('--manager <urls>', "cluster-managers' URLs").env('WGCNI_MANAGER'))
  .option('--json', 'print JSON');
program.command('status').description('.so is no command of a man page');
const client = program.command('client').description('clients');
client.command('add <name>').description('add one').option('--ttl <duration>', 'how long', '30d');
client.command('remove <name>').description('remove one');
const words = wordsOf(program);

/** What bash offers for the last of these words. */
function completed(...typed: string[]): string[] {
  const script = `${completionFor('bash', words)}
COMP_WORDS=(${['wgcni', ...typed].map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${typed.length}; _wgcni; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const said = execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8' });
  return said.split('\n').filter((line) => line !== '');
}

describe('completion in bash', () => {
  it.each([
    [['st'], ['status']],
    [
      ['client', ''],
      ['add', 'remove', '--help'],
    ],
    [['client', 'add', '--t'], ['--ttl']],
    [['--manager', 'https://192.0.2.1:7001', 'cl'], ['client']],
    [['--json', 'client', 're'], ['remove']],
    [['--m'], ['--manager']],
  ])('of %j is %j', (typed, offered) => {
    expect(completed(...typed)).toEqual(offered);
  });
});

it('names every word for fish and for zsh too', () => {
  expect(completionFor('zsh', words)).toMatch(/^#compdef wgcni\n/);
  const fish = completionFor('fish', words).split('\n');
  expect(fish).toContain(
    "complete -c wgcni -f -n '__fish_seen_subcommand_from client; and not __fish_seen_subcommand_from add remove' -a add -d 'add one'",
  );
  expect(fish).toContain("complete -c wgcni -l manager -r -d 'cluster-managers\\' URLs'");
});

describe('the man page', () => {
  const page = manPage(words, '1.2.3');
  it('names every command with its options, defaults and variables', () => {
    expect(page).toContain('\\fBwgcni client add\\fR <name>');
    expect(page).toContain('how long (default: 30d)');
    expect(page).toContain("cluster\\-managers' URLs (variable: WGCNI_MANAGER)");
  });

  it('has no request but those of man(7)', () => {
    const requests = page.split('\n').filter((line) => /^[.']/.test(line));
    expect(new Set(requests.map((line) => line.slice(1, 3)))).toEqual(new Set(['TH', 'SH', 'B ', 'TP', 'SS']));
  });
});
