/** CRI-O on one node of the lab: its own storage, state and socket, in the node's network namespace. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { startProcess, until, type LabProcess, type NodePlan } from '@wgcni/testing';
import { execa } from 'execa';
import { CriClient } from '../cri/cri-client.ts';
import type { CriPlace, CriRuntime } from '../cri/cri-rig.ts';
import { pauseImage } from '../cri/pause-image.ts';
import { findProgram } from '../find-program.ts';
import { unmountBelow } from '../unmount-below.ts';

export interface CrioPrograms {
  crio: string;
  /** Pins namespaces; comes with CRI-O. */
  pinns: string;
  conmon: string;
  runc: string;
}

/** What CRI-O needs, as far as it is there. `CRIO=` may name the first; pinns stands beside it or in PATH. */
export async function findCrio(): Promise<Record<keyof CrioPrograms, string | undefined>> {
  const crio = await findProgram('crio');
  const path = `${crio === undefined ? '' : dirname(crio)}:${process.env['PATH'] ?? ''}`;
  const inPath = (name: string): Promise<string | undefined> => findProgram(name, { PATH: path });
  return { crio, pinns: await inPath('pinns'), conmon: await inPath('conmon'), runc: await inPath('runc') };
}

export class Crio implements CriRuntime {
  readonly cri: CriClient;
  readonly #node: NodePlan;
  readonly #program: string;
  readonly #dir: string;
  #process: LabProcess | undefined;

  private constructor(node: NodePlan, program: string, dir: string) {
    this.#node = node;
    this.#program = program;
    this.#dir = dir;
    this.cri = new CriClient(join(dir, 'crio.sock'));
  }

  /** Starts it with the node's plugin and configuration. */
  static async open(programs: CrioPrograms, place: CriPlace): Promise<Crio> {
    const { node, dir } = place;
    const namespaces = join(dir, 'namespaces');
    await mkdir(namespaces);
    // What is pinned below it in one mount namespace is seen in all.
    await execa('mount', ['--bind', namespaces, namespaces]);
    await execa('mount', ['--make-shared', namespaces]);
    await writeFile(join(dir, 'policy.json'), '{"default": [{"type": "insecureAcceptAnything"}]}');
    await writeFile(join(dir, 'crio.conf'), configuration(programs, place));
    const opened = new Crio(node, programs.crio, dir);
    await opened.start();
    return opened;
  }

  /** In a mount namespace where what has a fixed place is the node's own: its GC deletes all that it finds in libcni's cache and does not know. */
  async start(): Promise<void> {
    const script = `for name in cni containers; do
  place="/var/lib/$name" && mkdir -p "$place" "$1/$name" &&
  mount --make-private "$(findmnt -n -o TARGET -T "$place")" && mount --bind "$1/$name" "$place" || exit 1
done
shift && exec "$@"`;
    const isolate = ['unshare', '--mount', '--propagation', 'unchanged', 'sh', '-c', script, 'sh'] as const;
    this.#process = startProcess({
      name: `CRI-O of ${this.#node.id}`,
      argv: [
        ...isolate,
        join(this.#dir, 'lib'),
        ...[this.#program, '--config', join(this.#dir, 'crio.conf'), '--config-dir', ''],
      ],
      netnsPath: this.#node.netnsPath,
      log: join(this.#dir, 'log'),
    });
    await until(30_000, `CRI-O (see ${this.#dir}/log)`, async () =>
      (await this.cri.isReady()) ? true : new Error('it is not ready'),
    );
  }

  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL');
    await this.#process?.ended(5_000);
  }

  /** SIGTERM, as its unit does; the namespaces of the pods stay pinned. */
  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  async namespaces(): Promise<string[]> {
    const pinned = join(this.#dir, 'namespaces', 'netns');
    return (await readdir(pinned)).map((name) => join(pinned, name));
  }

  async close(): Promise<void> {
    try {
      for (const id of await this.cri.list()) {
        await this.cri.stop(id);
        await this.cri.remove(id);
      }
    } finally {
      this.cri.close();
      await this.stop();
      await unmountBelow(this.#dir);
    }
  }
}

/** TOML. Nothing outside `dir`; storage by copies: any file system will do. */
function configuration({ pinns, conmon, runc }: CrioPrograms, { dir, installed, image }: CriPlace): string {
  return `[crio]
root = "${dir}/root"
runroot = "${dir}/run"
storage_driver = "vfs"
log_dir = "${dir}/pods"
version_file = "${dir}/version"
version_file_persist = ""
clean_shutdown_file = "${dir}/clean.shutdown"
[crio.api]
listen = "${dir}/crio.sock"
[crio.runtime]
default_runtime = "runc"
cgroup_manager = "cgroupfs"
conmon_cgroup = "pod"
container_exits_dir = "${dir}/exits"
container_attach_socket_dir = "${dir}/attach"
namespaces_dir = "${dir}/namespaces"
pinns_path = "${pinns}"
apparmor_profile = "unconfined"
irqbalance_config_restore_file = "disable"
enable_criu_support = false
hooks_dir = ["${dir}/hooks"]
[crio.runtime.runtimes.runc]
runtime_path = "${runc}"
runtime_root = "${dir}/runc"
monitor_path = "${conmon}"
monitor_cgroup = "pod"
[crio.image]
pause_image = "${pauseImage}"
default_transport = "oci:${image.layouts}/"
# Its host name is looked up otherwise, which takes ten seconds where nobody answers.
insecure_registries = ["${pauseImage.replace(/\/.*/, '')}"]
signature_policy = "${dir}/policy.json"
signature_policy_dir = "${dir}/policies"
[crio.network]
cni_default_network = "wgcni"
network_dir = "${installed.confDir}"
plugin_dirs = ["${installed.binDir}"]
[crio.nri]
enable_nri = false
`;
}
