/** What the node-manager is told at its start, checked; an error names the flag and the remedy. */
import { Secret } from '@wgcni/base';
import { type Address, masqueradeModes } from '@wgcni/ipam';
import type { PortRange } from './attachments/container-port.ts';
import {
  parseBlocks,
  parseChoice,
  parseEgressSources,
  parseEndpoints,
  parseIfName,
  parseName,
  parsePath,
  parsePort,
  parsePortRange,
  parseSocketPath,
  parseUrls,
  refuse,
} from './flag-values.ts';
import { checkListen, checkUrls, chooseTransport, type CredentialPaths } from '@wgcni/pki';
import {
  type Listen,
  parseListen,
  type Judged,
  judgeConfig,
  type Said,
  saidCredentials,
  saidInsecure,
  saidHealthListen,
  type Surroundings,
  variableOf,
} from '@wgcni/api/server';
import { program } from './flags.ts';

const backends = ['auto', 'kernel', 'userspace'] as const;
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export interface Config {
  nodeId: string;
  /** Whether the node id was said, not taken from the host name. */
  isNodeIdSaid: boolean;
  etcd: string[];
  cluster: string;
  managers: string[];
  dataDir: string;
  socket: string;
  queueDir: string;
  /** Where REST is served besides the socket: over TLS with a certificate, else on loopback. */
  listen: Listen | undefined;
  /** Where health and metrics are served; nowhere by default. */
  healthListen: Listen | undefined;
  endpoints: string[];
  underlay: string | undefined;
  meshPort: number;
  podPort: number;
  containerPorts: PortRange;
  backend: (typeof backends)[number];
  /** In place of what the network says; undefined: as it says. */
  masquerade: (typeof masqueradeModes)[number] | undefined;
  /** CIDRs behind this node, that it offers to the mesh. */
  offers: string[];
  /** Addresses of this host that packets leave the cluster under, at most one of each family. */
  egressSources: Address[];
  /** Whether the packet filter lets containers to etcd and the cluster-managers. */
  containersReachControlPlane: boolean;
  takeOver: boolean;
  teardown: boolean;
  logLevel: (typeof logLevels)[number];
  /** Certificate for the cluster-managers, and of this node's own listener. */
  tls: CredentialPaths | undefined;
  /** A join token, or the absolute path of a file that holds one. */
  join: Secret | undefined;
  /** Certificate for etcd; absent: that for the cluster-managers, by whose common name etcd knows us. */
  etcdTls: CredentialPaths | undefined;
}

/** Whether the data directory holds what an earlier run got by joining. */
export type HasJoined = (dataDir: string) => boolean;

/** The checked configuration. Throws as `readConfig`. */
export function parseConfig(surroundings: Surroundings, hasJoined: HasJoined = () => false): Config {
  return readConfig(surroundings, hasJoined).config;
}

/**
 * The same, with the words that it was made of. Throws CatalogueError `config.invalid` naming the flag or the line and the remedy, TextAsked for --help,
 * --version, --print-config and --check-config.
 */
export function readConfig(surroundings: Surroundings, hasJoined: HasJoined = () => false): Judged<Config> {
  return judgeConfig(program, surroundings, (said) => configOf(said, surroundings, hasJoined));
}

function configOf(said: Said, surroundings: Surroundings, hasJoined: HasJoined): Config {
  const one = <T>(name: string, fallback: string, parse: (flag: string, text: string) => T): T =>
    parse(`--${name}`, said.get(name)?.at(-1) ?? fallback);
  const maybe = <T>(name: string, parse: (flag: string, text: string) => T): T | undefined =>
    said.has(name) ? one(name, '', parse) : undefined;
  const many = (name: string, parse: (flag: string, words: readonly string[]) => string[]): string[] =>
    parse(`--${name}`, said.get(name) ?? []);
  const config: Config = {
    nodeId: one('node-id', surroundings.hostname, parseName),
    isNodeIdSaid: said.has('node-id'),
    etcd: many('etcd', parseUrls),
    cluster: maybe('cluster', parseName) ?? '',
    managers: many('manager', parseUrls),
    dataDir: one('data-dir', '/var/lib/wgcni', parsePath),
    socket: one('socket', '/run/wgcni/node-manager.sock', parseSocketPath),
    queueDir: one('queue-dir', '/var/lib/wgcni/queue', parsePath),
    listen: maybe('listen', parseListen),
    healthListen: saidHealthListen(said),
    endpoints: many('endpoint', parseEndpoints),
    underlay: maybe('underlay', parseIfName),
    meshPort: one('mesh-port', '51820', parsePort),
    podPort: one('pod-port', '51821', parsePort),
    containerPorts: one('container-ports', '61000-65535', parsePortRange),
    backend: one('backend', 'auto', (flag, text) => parseChoice(flag, text, backends)),
    masquerade: maybe('masquerade', (flag, text) => parseChoice(flag, text, masqueradeModes)),
    offers: many('advertise', parseBlocks),
    egressSources: parseEgressSources('--egress-source', said.get('egress-source') ?? []),
    containersReachControlPlane: one('containers-reach-control-plane', 'false', (_, text) => text === 'true'),
    takeOver: one('take-over', 'false', (_, text) => text === 'true'),
    teardown: one('teardown', 'false', (_, text) => text === 'true'),
    logLevel: one('log-level', 'info', (flag, text) => parseChoice(flag, text, logLevels)),
    join: maybe('join', (_, text) => new Secret(text)),
    tls: saidCredentials(said, 'tls'),
    etcdTls: saidCredentials(said, 'etcd'),
  };
  refuseSharedPorts(config);
  // To tear down nobody is reached.
  if (!config.teardown) {
    refuseMissing(config);
    checkTransport(config, saidInsecure(said), hasJoined(config.dataDir));
  }
  return config;
}

/** TLS to everybody, or --insecure and nobody beyond this machine. */
function checkTransport(config: Config, isInsecure: boolean, hasJoined: boolean): void {
  const { tls, join, etcdTls, etcd, managers, listen, healthListen } = config;
  if (tls !== undefined && join !== undefined)
    throw refuse(
      '--join',
      'gets a certificate, and --tls-… names another one',
      'leave out --join, or --tls-cert, --tls-key and --tls-ca',
    );
  const transport = chooseTransport(
    {
      hasCredentials: (tls ?? join) !== undefined || hasJoined,
      hasEtcdCredentials: etcdTls !== undefined,
      isInsecure,
    },
    '--join TOKEN of `wgcni token create`, or --tls-cert, --tls-key and --tls-ca',
  );
  checkUrls('--etcd', etcd, transport);
  checkUrls('--manager', managers, transport);
  if (listen !== undefined) checkListen('--listen', listen.host, transport);
  if (healthListen !== undefined) checkListen('--health-listen', healthListen.host, transport);
}

function refuseMissing(config: Config): void {
  const missing = (['etcd', 'manager', 'cluster'] as const).find(
    (name) => config[name === 'manager' ? 'managers' : name].length === 0,
  );
  if (missing === undefined) return;
  throw refuse(`--${missing}`, 'is missing', `give --${missing}, or set ${variableOf(missing)}`);
}

function refuseSharedPorts({ meshPort, podPort, containerPorts: { first, last } }: Config): void {
  const isInside = (port: number): boolean => port >= first && port <= last;
  if (meshPort === podPort)
    throw refuse('--pod-port', `${podPort} is the mesh port too`, 'give each device a port of its own');
  if (isInside(meshPort))
    throw refuse(
      '--mesh-port',
      `${meshPort} is inside --container-ports ${first}-${last}`,
      'choose a port outside that range',
    );
  if (isInside(podPort))
    throw refuse(
      '--pod-port',
      `${podPort} is inside --container-ports ${first}-${last}`,
      'choose a port outside that range',
    );
}
