/** Runs a command in a virtual machine with Debian's kernel, over this machine's root directory, which it cannot change. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { debianKernel } from './debian-kernel.ts';
import { brokenMachine, commandExitCode, commandScript, emulatorArguments } from './emulator.ts';
import { buildInitramfs } from './initramfs.ts';

export interface VirtualRun {
  argv: readonly string[];
  /** Working directory inside, which is the one outside; paths are the same. */
  cwd: string;
  env?: Readonly<Record<string, string>>;
  /** A directory that the command can write to for good; all else that it writes is lost. */
  writable?: string;
  /** The script that the machine starts with. */
  initScript: string;
  /** Where the kernel is kept between runs. */
  cache: string;
  /** How long the machine may run. */
  timeoutMs: number;
  signal: AbortSignal;
}

/**
 * Runs the command as root inside and passes its output through. Resolves with its exit code (codes above 100 as 100); rejects when the
 * machine does not boot, hangs past `timeoutMs` or ends without a word.
 */
export async function runInVirtualMachine(run: VirtualRun): Promise<number> {
  const kernel = await debianKernel(run.cache, run.signal);
  const dir = await mkdtemp(join(tmpdir(), 'wgcni-vm-'));
  try {
    const job = join(dir, 'job');
    await mkdir(job);
    await writeFile(join(job, 'command.sh'), commandScript(run.argv, run.cwd, run.env ?? {}));
    const writable = run.writable === undefined ? undefined : resolve(run.writable);
    if (writable !== undefined) {
      await mkdir(writable, { recursive: true });
      await writeFile(join(job, 'writable'), writable);
    }
    const initramfs = await buildInitramfs(dir, kernel, run.initScript);
    const plan = { image: kernel.image, initramfs, job, writable, memoryMb: 2048, cpus: 2 };
    return await emulate(emulatorArguments(plan), run);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function emulate(argv: string[], { timeoutMs, signal }: VirtualRun): Promise<number> {
  const { exitCode, timedOut, stderr } = await execa('qemu-system-x86_64', argv, {
    ...{ stdin: 'ignore', stdout: 'inherit', stderr: ['inherit', 'pipe'] },
    ...{ reject: false, timeout: timeoutMs, killSignal: 'SIGKILL', cancelSignal: signal },
  });
  signal.throwIfAborted();
  if (timedOut) throw new Error(`the virtual machine did not end within ${timeoutMs} ms`);
  const code = commandExitCode(exitCode);
  if (code === undefined)
    throw new Error(`the virtual machine ended with ${exitCode} before the command did: ${stderr}`);
  if (code === brokenMachine) throw new Error('the virtual machine did not come up: see its output');
  return code;
}
