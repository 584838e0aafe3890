/** Commands of one script succeed and fail each for itself, whatever is in their words. */
import { Processes } from '@wgcni/iproute';
import { expect, it } from 'vitest';
import { complaintsOf, scriptOf, type ScriptedCommand } from './shell-script.ts';

async function run(commands: readonly ScriptedCommand[]): Promise<(string | undefined)[]> {
  const { stdout } = await new Processes().run({ argv: ['sh'], input: scriptOf(commands) });
  return complaintsOf(stdout, commands.length);
}

it('tells which succeeded, and of each other what it said', async () => {
  const complaints = await run([
    { argv: ['true'] },
    { argv: ['sh', '-c', 'echo "no such device" >&2; exit 1'] },
    { argv: ['test', 'it\'s $HOME; `x` "y"', '=', 'it\'s $HOME; `x` "y"'] },
    { argv: ['false'] },
    { argv: ['no-such-program'] },
    { argv: ['true'], netns: "/run/netns/it's not there" },
  ]);
  expect(complaints.slice(0, 4)).toEqual([undefined, 'no such device', undefined, 'it ended with 1']);
  expect(complaints[4]).toContain('not found');
  expect(complaints[5]).toContain('nsenter');
});

it('gives no command the rest of the script to read', async () => {
  expect(await run([{ argv: ['cat'] }, { argv: ['true'] }])).toEqual([undefined, undefined]);
});

it('knows which were not reached', () => {
  expect(complaintsOf('@0 0\nkilled', 2)).toEqual([undefined, 'it was not run']);
});
