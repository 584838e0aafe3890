/**
 * The disk of a booted machine: an overlay of this machine's own root, in memory. It outlives the machine that runs on it, as after a power cut;
 * nothing outlives the disk.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

/** What stands in a file of the machine, or which file of ours it is a copy of. */
export type MachineFile = { text: string } | { copyOf: string };

export interface DiskSpec {
  /** For its files; the caller removes it. */
  dir: string;
  /** By absolute path; for root alone. */
  files: Record<string, MachineFile>;
}

/** Mounted in a namespace of this process alone, and with it gone. */
const script = `
mount -t tmpfs tmpfs "$1/work" && mkdir "$1/work/upper" "$1/work/aside" "$1/work/root" &&
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/work/upper,workdir=$1/work/aside" "$1/work/root" &&
cp --recursive --preserve=mode "$1/files/." "$1/work/root/" && echo mounted && exec sleep infinity`;

export class MachineDisk {
  readonly #holder: ChildProcess;
  readonly #dir: string;

  private constructor(holder: ChildProcess, dir: string) {
    this.#holder = holder;
    this.#dir = dir;
  }

  /** Makes it, with the files on it. */
  static async make({ dir, files }: DiskSpec): Promise<MachineDisk> {
    await mkdir(join(dir, 'work'), { recursive: true });
    for (const [path, file] of Object.entries(files)) await put(join(dir, 'files', path), file);
    const isolate = ['--pdeathsig', 'KILL', 'unshare', '--mount', 'sh', '-c', script, 'sh', dir];
    const holder = spawn('setpriv', isolate, { stdio: ['ignore', 'pipe', 'inherit'] });
    const first = await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')]);
    if (holder.exitCode !== null) throw new Error(`the disk in ${dir} cannot be mounted: ${String(first[0])}`);
    return new MachineDisk(holder, dir);
  }

  /** The namespace in which `root` is mounted. */
  get mountNamespace(): string {
    return `/proc/${this.#holder.pid}/ns/mnt`;
  }

  get root(): string {
    return join(this.#dir, 'work/root');
  }

  /** Everything on it that this machine's own root has not, or has otherwise: absolute paths, sorted; folders only where there is none. */
  async written(): Promise<string[]> {
    const upper = `/proc/${this.#holder.pid}/root${this.#dir}/work/upper`;
    const { stdout } = await execa('find', [upper, '-mindepth', '1', '-printf', '%y /%P\\n']);
    const lines = stdout.split('\n').map((line) => ({ isFolder: line.startsWith('d '), path: line.slice(2) }));
    const ours = await Promise.all(
      lines.map(async ({ isFolder, path }) => !(isFolder && (await stat(path).catch(() => undefined))?.isDirectory())),
    );
    return lines
      .filter((_, index) => ours[index])
      .map(({ path }) => path)
      .sort();
  }

  /** Unmounts it; the machine has ended. */
  async remove(): Promise<void> {
    if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) return;
    const closed = once(this.#holder, 'close');
    this.#holder.kill('SIGKILL');
    await closed;
  }
}

async function put(path: string, file: MachineFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  if ('text' in file) await writeFile(path, file.text, { mode: 0o600 });
  else await cp(file.copyOf, path);
}
