/** Kernel switches: files under /proc/sys, for our own namespace by ourselves, inside another by `cat` and a shell. */
import { readFile, writeFile } from 'node:fs/promises';
import { CatalogueError, messageOf } from '@wgcni/base';
import type { NetnsPath, Sysctl } from '../port.ts';
import { Processes } from './processes.ts';

export interface ExecSysctlOptions {
  /** A namespace that stands for our own; by default the one this process is in. */
  ownNetns?: string;
}

/** Reads a path and a value in turns. Each host has a shell; `sysctl` is of a package that small systems and images lack. */
const writing = 'while IFS= read -r path && IFS= read -r value; do printf "%s\\n" "$value" >"$path" || exit; done';

export class ExecSysctl implements Sysctl {
  readonly #processes: Processes;

  constructor(options: ExecSysctlOptions = {}) {
    this.#processes = new Processes(options.ownNetns);
  }

  async read(name: string, netns: NetnsPath = this.#processes.ownNetns): Promise<string | undefined> {
    if (netns === undefined) return readSwitch(name);
    const { status, stdout, stderr } = await this.#processes.run({ argv: ['cat', '--', pathOf(name)], netns });
    if (status === 0) return stdout.trim();
    if (stderr.includes('No such file')) return undefined;
    throw refusedSwitch(name, stderr.trim());
  }

  async write(values: Readonly<Record<string, string>>, netns: NetnsPath = this.#processes.ownNetns): Promise<void> {
    const entries = Object.entries(values);
    if (netns === undefined) {
      for (const [name, value] of entries) await writeSwitch(name, value);
      return;
    }
    const input = entries.map(([name, value]) => `${pathOf(name)}\n${value}\n`).join('');
    const { status, stderr } = await this.#processes.run({ argv: ['sh', '-c', writing], netns, input });
    if (status !== 0 || stderr !== '') throw refusedSwitch(Object.keys(values).join(', '), stderr.trim());
  }
}

async function readSwitch(name: string): Promise<string | undefined> {
  try {
    return (await readFile(pathOf(name), 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw refusedSwitch(name, messageOf(error), error);
  }
}

/** Leaves a switch alone that stands as wanted already: /proc/sys may be read-only, set by whoever started us. */
async function writeSwitch(name: string, value: string): Promise<void> {
  if ((await readSwitch(name)) === value) return;
  try {
    // With its end of line: of a value that is empty there would be nothing to write, and the kernel would keep what it has.
    await writeFile(pathOf(name), `${value}\n`);
  } catch (error) {
    throw refusedSwitch(name, messageOf(error), error);
  }
}

/** As sysctl(8): dots part the name, a dot within an interface's name is written as a slash. */
function keyOf(name: string): string {
  if (!/^[a-zA-Z0-9_.:@/-]+$/.test(name) || name.includes('..') || name.includes('//')) {
    throw new CatalogueError('request.invalid', `"${name}" is not the name of a kernel switch`, {
      remedy: 'write it like net.ipv4.ip_forward',
    });
  }
  return name.replace(/[./]/g, (mark) => (mark === '.' ? '/' : '.'));
}

function pathOf(name: string): string {
  return `/proc/sys/${keyOf(name)}`;
}

function refusedSwitch(name: string, reason: string, cause?: unknown): CatalogueError {
  return new CatalogueError('kernel.refused', `the kernel switch ${name} could not be used: ${reason}`, {
    remedy: 'see whether /proc/sys is writable here and the kernel has this switch',
    cause,
  });
}
