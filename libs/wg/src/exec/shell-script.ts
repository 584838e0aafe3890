/** PURE: several commands as one script for `sh`, and what became of each: a large process that starts many is slow to fork. */

export interface ScriptedCommand {
  argv: readonly string[];
  /** Network namespace to run in; the shell's own when absent. */
  netns?: string | undefined;
}

/** Words that no shell takes apart. */
function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
}

/** The script: each command with nothing to read, its complaints, and a line with its number and status. */
export function scriptOf(commands: readonly ScriptedCommand[]): string {
  return commands
    .map(({ argv, netns }, index) => {
      const words = netns === undefined ? argv : ['nsenter', `--net=${netns}`, '--', ...argv];
      return `${quoted(words)} </dev/null 2>&1\necho "@${index} $?"\n`;
    })
    .join('');
}

/** What each command complained of, or undefined where it succeeded; of one that was not reached, that it was not. */
export function complaintsOf(output: string, count: number): (string | undefined)[] {
  const complaints: (string | undefined)[] = Array.from({ length: count }, () => 'it was not run');
  let from = 0;
  for (const end of output.matchAll(/^@([0-9]+) ([0-9]+)$/gm)) {
    const said = output.slice(from, end.index).trim();
    complaints[Number(end[1])] = end[2] === '0' ? undefined : said || `it ended with ${end[2]}`;
    from = end.index + end[0].length;
  }
  return complaints;
}
