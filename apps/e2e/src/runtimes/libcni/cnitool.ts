/** cnitool, the command line of libcni, run for one node of the lab. */
import { access, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { InstalledCni, NodePlan } from '@wgcni/testing';
import { execa } from 'execa';

/** Where deploy/build-cnitool.sh puts it; libcni 1.2 brought GC and STATUS. */
const built = resolve(import.meta.dirname, '../../../../../.cache/cnitool-v1.3.0/cnitool');

/** The built program, or undefined where it could not be built. */
export async function findCnitool(): Promise<string | undefined> {
  return access(built).then(
    () => built,
    () => undefined,
  );
}

export interface CnitoolCall {
  verb: 'add' | 'check' | 'del' | 'gc' | 'status';
  /** Path of the container's namespace. */
  netnsPath: string;
  /** `runtimeConfig` by capability. */
  capabilities?: Record<string, unknown>;
  cniArgs?: string;
}

export interface CnitoolAnswer {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export class Cnitool {
  readonly #program: string;
  readonly #node: NodePlan;
  readonly #installed: InstalledCni;
  readonly cacheDir: string;

  /** libcni's cache is the node's own: a mount namespace puts it in place of the machine's. */
  constructor(program: string, node: NodePlan, installed: InstalledCni) {
    this.#program = program;
    this.#node = node;
    this.#installed = installed;
    this.cacheDir = join(installed.confDir, '../libcni');
  }

  async run({ verb, netnsPath, capabilities, cniArgs }: CnitoolCall): Promise<CnitoolAnswer> {
    await mkdir(this.cacheDir, { recursive: true });
    const script = 'mkdir -p /var/lib/cni && mount --bind "$1" /var/lib/cni && shift && exec "$@"';
    const cnitool = [this.#program, verb, 'wgcni', netnsPath];
    const argv = ['unshare', '--mount', 'sh', '-c', script, 'sh', this.cacheDir, ...cnitool];
    const { exitCode, stdout, stderr } = await execa('nsenter', [`--net=${this.#node.netnsPath}`, ...argv], {
      reject: false,
      extendEnv: false,
      timeout: 60_000,
      env: {
        PATH: process.env['PATH'],
        CNI_PATH: this.#installed.binDir,
        NETCONFPATH: this.#installed.confDir,
        ...(capabilities === undefined ? {} : { CAP_ARGS: JSON.stringify(capabilities) }),
        ...(cniArgs === undefined ? {} : { CNI_ARGS: cniArgs }),
      },
    });
    return { exitCode: exitCode ?? 137, stdout, stderr };
  }

  /** A call that must succeed. */
  async succeed(call: CnitoolCall): Promise<CnitoolAnswer> {
    const answer = await this.run(call);
    if (answer.exitCode !== 0) throw new Error(`cnitool ${call.verb} failed: ${answer.stdout}${answer.stderr}`);
    return answer;
  }
}
