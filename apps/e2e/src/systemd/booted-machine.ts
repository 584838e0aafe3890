/**
 * A machine with systemd as its first process: systemd-nspawn on a disk of its own.
 *
 *   this machine's / (read only) ── tmpfs with the files of the test   = its root; its network is a namespace of the lab
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { removeCgroups, until } from '@wgcni/testing';
import { execa } from 'execa';
import type { MachineDisk, MachineFile } from './machine-disk.ts';

export interface MachineSpec {
  /** Unique on this machine. */
  name: string;
  /** What `filesOfMachine` are on; the caller removes it, or boots from it again. */
  disk: MachineDisk;
  /** The namespace that is its network. */
  netnsPath: string;
}

/** Nothing that this machine would start at boot, only what units need to be started. */
const target = {
  name: 'test.target',
  text: '[Unit]\nRequires=sysinit.target\nAfter=sysinit.target\nAllowIsolate=yes\n',
};

/** What its disk needs to have, beside what the test puts there. */
export const filesOfMachine: Record<string, MachineFile> = {
  [`/etc/systemd/system/${target.name}`]: { text: target.text },
  '/etc/machine-id': { text: '' },
  ...(process.execPath === '/usr/bin/node' ? {} : { '/usr/bin/node': { copyOf: process.execPath } }),
};

/** Control groups of its own, as systemd-nspawn would make them beside those of another machine. */
const script = `
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
  if [ -e $hierarchy/cgroup.procs ]; then mkdir "$hierarchy/$1" && echo $$ >"$hierarchy/$1/cgroup.procs" || exit 1; fi
done
shift
exec systemd-nspawn "$@"`;

export class BootedMachine {
  readonly #child: ChildProcess;
  readonly #name: string;
  /** Its first process, as seen from here. */
  readonly pid: number;

  private constructor(child: ChildProcess, name: string, pid: number) {
    this.#child = child;
    this.#name = name;
    this.pid = pid;
  }

  /** Boots it; resolves when units can be started. */
  static async boot({ name, disk, netnsPath }: MachineSpec): Promise<BootedMachine> {
    const nspawn = [
      ...['--boot', '--directory', disk.root, '--machine', name, '--network-namespace-path=/proc/self/ns/net'],
      ...['--register=no', '--keep-unit', '--console=pipe', '--link-journal=no'],
      // Where the tests run themselves in a container, that lacks it; and the network is what it is for.
      ...['--drop-capability=CAP_SYS_RESOURCE', '--capability=CAP_NET_ADMIN'],
      `systemd.unit=${target.name}`,
    ];
    // By nsenter: a name that was given after the disk was mounted is not seen in the namespace of its mounts.
    const entered = ['nsenter', `--mount=${disk.mountNamespace}`, `--net=${netnsPath}`];
    const namespaces = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const isolate = ['--pdeathsig', 'KILL', ...entered, ...namespaces, 'sh', '-c', script, 'sh'];
    const child = spawn('setpriv', [...isolate, name, ...nspawn], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'], SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'network' },
    });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
    try {
      const pid = await until(20_000, `the first process of ${name}`, () => firstProcess(child, () => said));
      const machine = new BootedMachine(child, name, pid);
      await until(
        20_000,
        name,
        async () => (await machine.run(['systemctl', 'is-active', target.name])) === 'active' || new Error(said),
      );
      return machine;
    } catch (error) {
      await end(child, name);
      throw error;
    }
  }

  /** Runs a command on it and resolves with what it printed; throws when it fails. */
  async run(
    argv: readonly string[],
    { env = {}, input = '' }: { env?: Record<string, string>; input?: string } = {},
  ): Promise<string> {
    const enter = ['--target', String(this.pid), '--mount', '--uts', '--ipc', '--net', '--pid'];
    const path = '/usr/sbin:/usr/bin:/sbin:/bin';
    const { stdout } = await execa('nsenter', [...enter, ...argv], {
      extendEnv: false,
      env: { PATH: path, ...env },
      input,
    });
    return stdout;
  }

  /** A path of its file system, as it is reached from here. */
  path(absolute: string): string {
    return `/proc/${this.pid}/root${absolute}`;
  }

  /** A property of a unit. */
  async property(unit: string, name: string): Promise<string> {
    return this.run(['systemctl', 'show', '--value', `--property=${name}`, unit]);
  }

  /** Starts a unit; when it does not come up the error holds what it said. */
  async startUnit(unit: string): Promise<void> {
    await this.run(['systemctl', 'start', unit]).catch(async (cause: unknown) => {
      throw new Error(await this.journal(unit), { cause });
    });
  }

  /** What a unit's processes wrote, and what systemd says of them; of one program alone when it is named. */
  async journal(unit: string, program?: string): Promise<string> {
    const only = program === undefined ? [] : [`--identifier=${program}`];
    return this.run(['journalctl', '--no-pager', '--output=cat', `--unit=${unit}`, ...only]);
  }

  /** Ends every process of it at once, as when the power fails. */
  stop(): Promise<void> {
    return end(this.#child, this.#name);
  }
}

/** Two generations down: systemd-nspawn, alone with its own in a process namespace, and of its children the one that stays. */
async function firstProcess({ pid, exitCode }: ChildProcess, said: () => string): Promise<number | Error> {
  if (exitCode !== null || pid === undefined) return new Error(`systemd-nspawn ended: ${said()}`);
  for (const nspawn of await childrenOf(pid)) {
    for (const child of await childrenOf(nspawn)) {
      if ((await readFile(`/proc/${child}/comm`, 'utf8')) === 'systemd\n') return child;
    }
  }
  return new Error(said());
}

async function childrenOf(pid: number): Promise<number[]> {
  const words = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return words
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}

/** The kernel ends everything in the process namespace of systemd-nspawn with it. */
async function end(child: ChildProcess, name: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const closed = once(child, 'close');
    for (const nspawn of await childrenOf(child.pid)) process.kill(nspawn, 'SIGKILL');
    await closed;
  }
  await removeCgroups(name);
}
