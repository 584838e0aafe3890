/** `tsx main.ts [--writable DIR] -- COMMAND…`: runs the command in the virtual machine; ends with the command's exit code. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '@wgcni/base';
import { runInVirtualMachine } from './run.ts';

const root = join(import.meta.dirname, '../../../..');
/** Far above what an idle machine needs, so that only a hang is cut short. */
const timeoutMs = 300_000;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { writable: { type: 'string' } }, allowPositionals: true });
  if (positionals.length === 0) throw new Error('no command: write it after `--`');
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => stop.abort(new Error(`ended by ${name}`)));
  return runInVirtualMachine({
    argv: positionals,
    cwd: process.cwd(),
    env: { CI: 'true', NO_COLOR: '1' },
    ...(values.writable === undefined ? {} : { writable: values.writable }),
    initScript: join(root, 'deploy/test-kernel/init'),
    cache: join(root, '.cache/kernel-vm'),
    timeoutMs,
    signal: stop.signal,
  });
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = 1;
  },
);
