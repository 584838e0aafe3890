/** Which cluster-managers and which node-manager the command line speaks with. */
import { createManagerClient, createNodeClient, type ManagerClient, type NodeClient } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';

export interface Targets {
  /** URLs of cluster-managers, comma separated. */
  manager?: string;
  /** Path of a node-manager's unix socket. */
  socket: string;
  json: boolean;
}

export const defaultSocket = '/run/wgcni/node-manager.sock';

/** Runs `work` with a client of the cluster-managers. Throws CatalogueError `request.invalid` when none is named. */
export async function withManager<T>(targets: Targets, work: (client: ManagerClient) => Promise<T>): Promise<T> {
  const client = createManagerClient({ urls: managerUrls(targets) });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** Runs `work` with a client of the node-manager. */
export async function withNode<T>(targets: Targets, work: (client: NodeClient) => Promise<T>): Promise<T> {
  const client = createNodeClient({ socketPath: targets.socket });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

function managerUrls({ manager }: Targets): string[] {
  if (manager === undefined) {
    throw new CatalogueError('request.invalid', 'no cluster-manager is named', {
      field: '--manager',
      remedy: 'give --manager http://HOST:PORT[,…] or set WGCNI_MANAGER',
    });
  }
  const urls = manager.split(',').map((text) => text.trim());
  for (const url of urls) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new CatalogueError('request.invalid', `--manager "${url}" is not a URL`, {
        field: '--manager',
        remedy: 'write it like http://192.0.2.1:7001',
      });
    }
  }
  return urls;
}
