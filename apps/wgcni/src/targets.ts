/** Which cluster-managers and which node-manager the command line speaks with. */
import { createManagerClient, createNodeClient, type ManagerClient, type NodeClient } from '@wgcni/api';
import { CatalogueError, type Clock, type Log } from '@wgcni/base';
import {
  checkCredentials,
  checkUrls,
  chooseTransport,
  type CredentialPaths,
  credentialPaths,
  type Credentials,
  type CredentialSource,
  expectAnybody,
  KeptCredentials,
  readCredentialTexts,
} from '@wgcni/pki';
import type { Answer } from './answer.ts';
import type { Progress } from './progress/progress.ts';

/** For a command whose answers come as time goes on. */
export interface Stream {
  /** Prints one of them. */
  show(item: Answer): void;
  /** Says what is wrong meanwhile, beside them. */
  warn(message: string): void;
  /** Aborts when somebody ends the command; from now on the process goes on until then. */
  untilStopped(): AbortSignal;
}

/** What was said of every command. */
export type Said = Omit<Targets, 'progress' | 'stream'> & { wide: boolean };

export interface Targets {
  /** URLs of cluster-managers, comma separated. */
  manager?: string;
  /** Path of a node-manager's unix socket. */
  socket: string;
  /** Whether it was said for this command, and is no default or variable: then the node behind it is meant, also where a manager is named. */
  isSocketSaid?: boolean;
  /** URL of a node-manager, in place of its socket. */
  nodeManager?: string;
  /** The node that must be there. */
  nodeId?: string;
  /** The operator's certificate, its key, and the authorities of the others. */
  tlsCert?: string;
  tlsKey?: string;
  tlsCa?: string;
  /** Plain HTTP, on loopback alone. */
  insecure: boolean;
  json: boolean;
  /** Tells a person what is waited for. */
  progress: Progress;
  stream: Stream;
}

/** Of a command that can be about either: the cluster when a manager is named and no node, else the node. */
export function isAboutCluster({ manager, nodeManager, isSocketSaid }: Targets): boolean {
  return manager !== undefined && nodeManager === undefined && isSocketSaid !== true;
}

export const defaultSocket = '/run/wgcni/node-manager.sock';

/**
 * Runs `work` with a client of the cluster-managers, with who we are to them, if anybody, and with their URLs as they were named. Throws CatalogueError `request.invalid` when none is named, `config.invalid` for a
 * certificate that cannot be used.
 */
export async function withManager<T>(
  targets: Targets,
  work: (client: ManagerClient, credentials: Credentials | undefined, urls: readonly string[]) => Promise<T>,
): Promise<T> {
  const urls = managerUrls(targets);
  const current = await operatorCredentials(targets, '--manager', urls);
  const client = createManagerClient({ urls, credentials: current === undefined ? undefined : unchanging(current) });
  try {
    return await targets.progress.during('the cluster-managers', () => work(client, current, urls));
  } finally {
    await client.close();
  }
}

/** A client of the cluster-managers for a process that goes on: renewed certificates are taken over, until the signal aborts. Throws as `withManager`. */
export async function keptManager(
  targets: Targets,
  { clock, log, deadlineMs }: { clock: Clock; log: Log; deadlineMs: number },
  signal: AbortSignal,
): Promise<ManagerClient> {
  const urls = managerUrls(targets);
  const paths = operatorPaths(targets, '--manager', urls);
  if (paths === undefined) return createManagerClient({ urls, deadlineMs });
  const credentials = await KeptCredentials.open({ paths, accept: expectAnybody, clock, log });
  void credentials.run(signal);
  return createManagerClient({ urls, credentials, deadlineMs });
}

/** Runs `work` with a client of the node-manager: the one that is named by its URL, else the one behind the socket. */
export async function withNode<T>(targets: Targets, work: (client: NodeClient) => Promise<T>): Promise<T> {
  const client = await nodeClient(targets);
  try {
    return await targets.progress.during('the node-manager', () => work(client));
  } finally {
    await client.close();
  }
}

async function nodeClient(targets: Targets): Promise<NodeClient> {
  const { socket, nodeManager: url, nodeId } = targets;
  if (url === undefined) return createNodeClient({ socketPath: socket });
  refuseNoUrl('--node-manager', url, 'https://192.0.2.1:7070');
  return createNodeClient({ url, nodeId, credentials: await operatorCredentials(targets, '--node-manager', [url]) });
}

/** Who we are to those behind `urls`; undefined for plain HTTP to loopback. Throws CatalogueError `config.invalid` for a certificate that cannot be used. */
export async function operatorCredentials(
  targets: Targets,
  flag: string,
  urls: readonly string[],
): Promise<Credentials | undefined> {
  const paths = operatorPaths(targets, flag, urls);
  if (paths === undefined) return undefined;
  const current = checkCredentials(paths, await readCredentialTexts(paths));
  expectAnybody(paths, current);
  return current;
}

/** The files of the operator's certificate; none for plain HTTP to loopback. */
function operatorPaths(
  { tlsCert, tlsKey, tlsCa, insecure }: Targets,
  flag: string,
  urls: readonly string[],
): CredentialPaths | undefined {
  const paths = credentialPaths('tls', { cert: tlsCert, key: tlsKey, ca: tlsCa });
  checkUrls(flag, urls, chooseTransport({ hasCredentials: paths !== undefined, isInsecure: insecure }));
  return paths;
}

/** Read once: a command is over before they are renewed. */
function unchanging(current: Credentials): CredentialSource {
  return { current, onChange: () => () => {} };
}

function managerUrls({ manager }: Targets): string[] {
  if (manager === undefined) {
    throw new CatalogueError('request.invalid', 'no cluster-manager is named', {
      field: '--manager',
      remedy: 'give --manager https://HOST:PORT[,…] or set WGCNI_MANAGER',
    });
  }
  const urls = manager.split(',').map((text) => text.trim());
  for (const url of urls) refuseNoUrl('--manager', url, 'https://192.0.2.1:7001');
  return urls;
}

function refuseNoUrl(flag: string, text: string, example: string): void {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return;
  throw new CatalogueError('request.invalid', `${flag} "${text}" is not a URL`, {
    field: flag,
    remedy: `write it like ${example}`,
  });
}
