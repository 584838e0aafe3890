/** Where the programs of the lab stand: our bundles under the repository root, and Debian's etcd. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';

export interface Programs {
  clusterManager: string;
  nodeManager: string;
  plugin: string;
  wgcni: string;
  etcd: string;
  etcdctl: string;
  /** An operator's scripts for etcd. */
  backup: string;
  restore: string;
  /** Directory of the shipped network configurations. */
  shippedCni: string;
}

/** The programs of a built checkout. Throws an error that names what is missing and the command that makes it. */
export async function findPrograms(root: string): Promise<Programs> {
  const bundle = (name: string): string => join(root, 'apps', name, 'dist', `${name}.cjs`);
  const programs: Programs = {
    clusterManager: bundle('cluster-manager'),
    nodeManager: bundle('node-manager'),
    plugin: bundle('cni'),
    wgcni: bundle('wgcni'),
    etcd: '/usr/bin/etcd',
    etcdctl: '/usr/bin/etcdctl',
    backup: join(root, 'deploy', 'etcd', 'backup.sh'),
    restore: join(root, 'deploy', 'etcd', 'restore.sh'),
    shippedCni: join(root, 'deploy', 'cni'),
  };
  for (const path of Object.values(programs)) {
    await access(path, constants.X_OK).catch((cause: unknown) => {
      throw new Error(`${path} is not there: run \`make build\``, { cause });
    });
  }
  return programs;
}
