/** Which cluster-managers and which node-manager the command line speaks with. */
import { createManagerClient, createNodeClient, type ManagerClient, type NodeClient } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import {
  checkCredentials,
  checkSchemes,
  credentialPaths,
  type CredentialSource,
  expectAnybody,
  readCredentialTexts,
} from '@wgcni/pki';

export interface Targets {
  /** URLs of cluster-managers, comma separated. */
  manager?: string;
  /** Path of a node-manager's unix socket. */
  socket: string;
  /** The operator's certificate, its key, and the authorities of the cluster-managers. */
  tlsCert?: string;
  tlsKey?: string;
  tlsCa?: string;
  json: boolean;
}

export const defaultSocket = '/run/wgcni/node-manager.sock';

/**
 * Runs `work` with a client of the cluster-managers. Throws CatalogueError `request.invalid` when none is named, `config.invalid` for a
 * certificate that cannot be used.
 */
export async function withManager<T>(targets: Targets, work: (client: ManagerClient) => Promise<T>): Promise<T> {
  const urls = managerUrls(targets);
  const client = createManagerClient({ urls, credentials: await operatorCredentials(targets, urls) });
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

/** Read once: a command is over before they are renewed. */
async function operatorCredentials(
  { tlsCert, tlsKey, tlsCa }: Targets,
  urls: readonly string[],
): Promise<CredentialSource | undefined> {
  const paths = credentialPaths('tls', { cert: tlsCert, key: tlsKey, ca: tlsCa });
  checkSchemes('--manager', urls, 'tls', paths !== undefined);
  if (paths === undefined) return undefined;
  const current = checkCredentials(paths, await readCredentialTexts(paths));
  expectAnybody(paths, current);
  return { current, onChange: () => () => {} };
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
