/** Plugin and shipped configuration on a node of the lab, put there by the command that an operator runs. */
import { cp, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import type { Lab } from './lab.ts';
import type { NodePlan } from './plan.ts';

export interface InstalledCni {
  /** Holds our plugin and Debian's. */
  binDir: string;
  confDir: string;
  /** The configuration list in `confDir`. */
  conflist: string;
}

export interface InstallChoice {
  /** With portmap and firewall after ours. */
  chained?: boolean;
}

/** Debian's reference plugins (package containernetworking-plugins). */
export const referencePlugins = '/usr/lib/cni';

/** Installs for one node, in directories of its own. */
export async function installCni(
  lab: Lab,
  node: NodePlan,
  { chained = false }: InstallChoice = {},
): Promise<InstalledCni> {
  const binDir = join(dirname(node.dataDir), 'cni-bin');
  const confDir = join(dirname(node.dataDir), 'cni-conf');
  const shipped = chained ? '20-wireguard-cni-chained.conflist' : '10-wireguard-cni.conflist';
  await mkdir(binDir, { recursive: true });
  for (const name of await readdir(referencePlugins)) await cp(join(referencePlugins, name), join(binDir, name));
  const flags = [
    ...['--plugin', lab.programs.plugin, '--config', join(lab.programs.shippedCni, shipped)],
    ...['--bin-dir', binDir, '--conf-dir', confDir, '--queue-dir', node.queueDir],
  ];
  await execa(lab.programs.wgcni, ['--socket', node.socket, 'cni', 'install', ...flags]);
  return { binDir, confDir, conflist: join(confDir, shipped) };
}
