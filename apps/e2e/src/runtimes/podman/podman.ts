/** Podman on one node of the lab, with its CNI backend, its own storage and the node's network namespace. */
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstalledCni, NodePlan } from '@wgcni/testing';
import { execa } from 'execa';

const podmanProgram = '/usr/bin/podman';

/** Whether Podman and what it starts are installed. */
export async function hasPodman(): Promise<boolean> {
  const programs = [podmanProgram, '/usr/bin/conmon', '/usr/sbin/runc'];
  return Promise.all(programs.map((path) => access(path))).then(
    () => true,
    () => false,
  );
}

export interface PodmanPlaces {
  /** Its storage, state and configuration. */
  dir: string;
  /** The root file system of every container. */
  rootfs: string;
  /** Control group above those of the containers. */
  cgroupParent: string;
}

export class Podman {
  readonly #node: NodePlan;
  readonly #places: PodmanPlaces;

  private constructor(node: NodePlan, places: PodmanPlaces) {
    this.#node = node;
    this.#places = places;
  }

  /** Writes its configuration. */
  static async open(node: NodePlan, installed: InstalledCni, places: PodmanPlaces): Promise<Podman> {
    const { dir } = places;
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, 'containers.conf'), configuration(installed));
    await writeFile(join(dir, 'storage.conf'), storage(dir));
    await writeFile(join(dir, 'policy.json'), '{"default": [{"type": "reject"}]}');
    return new Podman(node, places);
  }

  /** One command; rejects with what Podman said. Returns its output without the last line's end. */
  async run(...args: string[]): Promise<string> {
    const { dir } = this.#places;
    const argv = [`--net=${this.#node.netnsPath}`, podmanProgram, '--tmpdir', join(dir, 'tmp'), ...args];
    const env = {
      PATH: process.env['PATH'],
      HOME: dir,
      CONTAINERS_CONF: join(dir, 'containers.conf'),
      CONTAINERS_STORAGE_CONF: join(dir, 'storage.conf'),
    };
    const { stdout } = await execa('nsenter', argv, { extendEnv: false, env, timeout: 60_000 });
    return stdout;
  }

  /** `podman run` of busybox on the mesh. */
  async runContainer(flags: readonly string[], command: readonly string[]): Promise<string> {
    const { cgroupParent, rootfs } = this.#places;
    const usual = ['--network', 'wgcni', '--cgroup-parent', `/${cgroupParent}`, '--security-opt', 'seccomp=unconfined'];
    return this.run('run', ...usual, ...flags, '--rootfs', rootfs, ...command);
  }

  /** What `podman inspect` tells of a running container's place in the network. */
  async inspect(name: string): Promise<{ netnsPath: string; addresses: string[]; gateways: string[] }> {
    const [{ NetworkSettings }] = JSON.parse(await this.run('inspect', name)) as [Inspected];
    const { IPAddress, GlobalIPv6Address, Gateway, IPv6Gateway } = NetworkSettings.Networks['wgcni'] ?? {};
    const present = (texts: (string | undefined)[]): string[] =>
      texts.filter((text) => text !== undefined && text !== '') as string[];
    return {
      netnsPath: NetworkSettings.SandboxKey,
      addresses: present([IPAddress, GlobalIPv6Address]),
      gateways: present([Gateway, IPv6Gateway]),
    };
  }

  /** Ends and removes every container, whatever state it is in. */
  async clear(): Promise<void> {
    await this.run('rm', '--all', '--force', '--time', '0');
  }
}

interface Inspected {
  NetworkSettings: {
    SandboxKey: string;
    Networks: Record<
      string,
      { IPAddress?: string; GlobalIPv6Address?: string; Gateway?: string; IPv6Gateway?: string } | undefined
    >;
  };
}

function storage(dir: string): string {
  return [
    '[storage]',
    'driver = "vfs"',
    `graphroot = "${join(dir, 'root')}"`,
    `runroot = "${join(dir, 'run')}"`,
    '',
  ].join('\n');
}

function configuration({ binDir, confDir }: InstalledCni): string {
  return [
    '[network]',
    'network_backend = "cni"',
    `cni_plugin_dirs = ["${binDir}"]`,
    `network_config_dir = "${confDir}"`,
    'default_network = "wgcni"',
    '[engine]',
    'runtime = "runc"',
    'events_logger = "file"',
    'cgroup_manager = "cgroupfs"',
    '[containers]',
    // A machine without CAP_SYS_RESOURCE cannot give more than it has.
    'default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]',
    '',
  ].join('\n');
}
