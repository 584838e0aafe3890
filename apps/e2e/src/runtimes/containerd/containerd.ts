/** containerd on one node of the lab: its own root, state and socket, in the node's network namespace. */
import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type InstalledCni, type LabProcess, type NodePlan, startProcess, until } from '@wgcni/testing';
import { execa } from 'execa';
import { CriClient } from '../cri/cri-client.ts';
import type { CriPlace, CriRuntime } from '../cri/cri-rig.ts';
import { pauseImage } from '../cri/pause-image.ts';

const programs = ['/usr/bin/containerd', '/usr/bin/ctr', '/usr/bin/containerd-shim-runc-v2', '/usr/sbin/runc'];

/** Whether containerd and what it starts are installed. */
export async function hasContainerd(): Promise<boolean> {
  return Promise.all(programs.map((path) => access(path))).then(
    () => true,
    () => false,
  );
}

export class Containerd implements CriRuntime {
  readonly cri: CriClient;
  readonly #node: NodePlan;
  readonly #dir: string;
  #process: LabProcess | undefined;

  private constructor(node: NodePlan, dir: string) {
    this.#node = node;
    this.#dir = dir;
    this.cri = new CriClient(join(dir, 'containerd.sock'));
  }

  /** Starts it with the node's plugin and configuration, and imports the image of the sandboxes. */
  static async open({ node, installed, dir, image }: CriPlace): Promise<Containerd> {
    await writeFile(join(dir, 'config.toml'), configuration(dir, installed));
    const opened = new Containerd(node, dir);
    await opened.start();
    const address = ['--address', join(dir, 'containerd.sock'), '--namespace', 'k8s.io'];
    await execa('ctr', [...address, 'images', 'import', image.archive]);
    return opened;
  }

  /** Starts it (again); resolves when it says that runtime and network are ready. */
  async start(): Promise<void> {
    this.#process = startProcess({
      name: `containerd of ${this.#node.id}`,
      argv: ['containerd', '--config', join(this.#dir, 'config.toml')],
      netnsPath: this.#node.netnsPath,
      log: join(this.#dir, 'log'),
    });
    await until(30_000, `containerd (see ${this.#dir}/log)`, async () =>
      (await this.cri.isReady()) ? true : new Error('it is not ready'),
    );
  }

  /** `kill -9`; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL');
    await this.#process?.ended(5_000);
  }

  /** SIGTERM, as its unit does; the sandboxes' shims live on. */
  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  async namespaces(): Promise<string[]> {
    const names = (await readdir('/run/netns')).filter((name) => name.startsWith('cni-'));
    return names.map((name) => join('/run/netns', name));
  }

  /** Removes every sandbox it knows, ends it, and the shims that are left. */
  async close(): Promise<void> {
    try {
      for (const id of await this.cri.list()) {
        await this.cri.stop(id);
        await this.cri.remove(id);
      }
    } finally {
      this.cri.close();
      await this.stop();
      await this.#endShims();
    }
  }

  async #endShims(): Promise<void> {
    for (const pid of (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name))) {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (line.includes('containerd-shim') && line.includes(this.#dir)) process.kill(Number(pid), 'SIGKILL');
    }
  }
}

/** TOML. Snapshots by copies: any file system will do. */
function configuration(dir: string, { binDir, confDir }: InstalledCni): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "${dir}/root"
state = "${dir}/state"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
address = "${dir}/containerd.sock"
[ttrpc]
address = "${dir}/containerd.sock.ttrpc"
[${cri}]
sandbox_image = "${pauseImage}"
restrict_oom_score_adj = true
disable_apparmor = true
disable_hugetlb_controller = true
[${cri}.cni]
bin_dir = "${binDir}"
conf_dir = "${confDir}"
[${cri}.containerd]
snapshotter = "native"
default_runtime_name = "runc"
[${cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
`;
}
