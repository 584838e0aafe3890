/** From the words of a command line to what is printed and the status. */
import { CommanderError } from 'commander';
import { programOf } from '../program.ts';
import type { Outlet } from './outlet.ts';
import { printedError, wordsRefused } from './printed.ts';

/** Runs what the words ask for, and says what comes of it. Never rejects. */
export async function perform(argv: readonly string[], version: string, outlet: Outlet): Promise<void> {
  const written = { out: '', err: '' };
  try {
    await programOf(version, outlet, written).parseAsync([...argv], { from: 'user' });
  } catch (thrown) {
    // Words that cannot be parsed have no flags: whether --json is among them is all that is looked for.
    const isJson = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined).includes('--json');
    if (thrown instanceof CommanderError && thrown.exitCode === 0) {
      const isVersion = thrown.code === 'commander.version';
      return outlet.tell(isJson && isVersion ? `${JSON.stringify({ version }, null, 2)}\n` : written.out);
    }
    const { text, status } = printedError(thrown instanceof CommanderError ? refusalOf(thrown) : thrown, { isJson });
    // Without a command it is the help that says which there are.
    outlet.complain(!isJson && isHelp(thrown) ? written.err : text);
    outlet.end(status);
  }
}

function isHelp(thrown: unknown): boolean {
  return thrown instanceof CommanderError && thrown.code === 'commander.help';
}

function refusalOf(error: CommanderError): Error {
  return wordsRefused(isHelp(error) ? 'a command is missing' : error.message);
}
