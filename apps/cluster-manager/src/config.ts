/** What the cluster-manager is told at its start, checked; an error names the flag and the remedy. */
import { namePattern, parseDuration, type NetworkInput } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { checkClientPools, checkMtu, checkPools, formatCidr, parsePool } from '@wgcni/ipam';
import { checkListen, checkUrls, chooseTransport, type CredentialPaths, credentialPaths } from '@wgcni/pki';
import {
  type Listen,
  type Rate,
  type Judged,
  judgeConfig,
  type Said,
  saidCredentials,
  saidHealthListen,
  saidInsecure,
  type Surroundings,
  usualLimits,
  variableOf,
} from '@wgcni/api/server';
import { program } from './flags.ts';

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** What one client may take of this replica (docs/architecture.md, "Limits"). */
export interface ClientLimits extends Rate {
  connections: number;
  connectionsPerClient: number;
}

interface AuthorityConfig {
  paths: CredentialPaths;
  /** Host names and addresses by which this replica is dialled. */
  names: string[];
}

export interface Config {
  etcd: string[];
  cluster: string;
  listen: { host: string; port: number };
  advertise: string;
  /** Where health and metrics are served; nowhere by default. */
  healthListen: Listen | undefined;
  replicaId: string;
  bootstrap: boolean;
  /** What was said of the network: to create it, or to be contained in the stored one. */
  network: Partial<NetworkInput>;
  leaderTtlSec: number;
  silenceReadingMs: number;
  restMs: number;
  clients: ClientLimits;
  logLevel: string;
  /** Certificate for REST; none with --insecure, and then anybody may do anything. */
  tls: CredentialPaths | undefined;
  /** Issues certificates to nodes and to this replica itself, instead of `tls`. */
  authority: AuthorityConfig | undefined;
  /** Certificate for etcd; absent: that for REST, by whose common name etcd knows us. */
  etcdTls: CredentialPaths | undefined;
}

/** The checked configuration. Throws as `readConfig`. */
export function parseConfig(surroundings: Surroundings): Config {
  return readConfig(surroundings).config;
}

/**
 * The same, with the words that it was made of. Throws CatalogueError `config.invalid` naming the flag or the line and the remedy, TextAsked for --help,
 * --version, --print-config and --check-config.
 */
export function readConfig(surroundings: Surroundings): Judged<Config> {
  return judgeConfig(program, surroundings, (said) => configOf(said, surroundings));
}

function configOf(said: Said, surroundings: Surroundings): Config {
  const listen = parseListen(needed(said, 'listen'));
  const config: Config = {
    etcd: needed(said, 'etcd')
      .split(',')
      .map((text) => parseUrl('--etcd', text)),
    cluster: parseName('--cluster', needed(said, 'cluster')),
    listen,
    advertise: parseUrl('--advertise', needed(said, 'advertise')),
    healthListen: saidHealthListen(said),
    replicaId: parseName('--replica-id', last(said, 'replica-id') ?? `${surroundings.hostname}-${listen.port}`),
    bootstrap: last(said, 'bootstrap') === 'true',
    network: parseNetwork(said),
    leaderTtlSec: seconds('--leader-ttl', last(said, 'leader-ttl') ?? '5s', 2),
    silenceReadingMs: seconds('--silence-reading', last(said, 'silence-reading') ?? '60s', 1) * 1_000,
    restMs: seconds('--rest', last(said, 'rest') ?? '5m', 0) * 1_000,
    clients: parseClients(said),
    logLevel: parseLevel(last(said, 'log-level') ?? 'info'),
    tls: saidCredentials(said, 'tls'),
    authority: parseAuthority(said),
    etcdTls: saidCredentials(said, 'etcd'),
  };
  checkTransport(config, saidInsecure(said));
  if (config.bootstrap && config.network.pools === undefined) {
    throw refuse(
      '--pool',
      'is missing, and --bootstrap needs it',
      'give --pool CIDR:LEN for each pool, such as --pool 10.64.0.0/12:24',
    );
  }
  return config;
}

/** Throws CatalogueError `config.invalid` when only one of the two files is said, or a certificate of another authority is said too. */
function parseAuthority(said: Said): AuthorityConfig | undefined {
  const cert = last(said, 'authority-cert');
  const paths = credentialPaths('authority', {
    cert,
    key: last(said, 'authority-key'),
    ca: last(said, 'authority-ca') ?? cert,
  });
  if (paths === undefined) return undefined;
  if (['tls-cert', 'tls-key', 'tls-ca'].some((name) => said.has(name)))
    throw refuse(
      '--authority-cert',
      'issues to this replica too, and --tls-… names another certificate for it',
      'leave out --tls-cert, --tls-key and --tls-ca, or --authority-cert and --authority-key',
    );
  const hosts = [
    needed(said, 'advertise'),
    ...(said.get('certificate-name')?.flatMap((word) => word.split(',')) ?? []),
  ].map((text) => (URL.canParse(text) ? new URL(text).hostname : text));
  const { host } = parseListen(needed(said, 'listen'));
  const names = [...hosts, ...(['0.0.0.0', '::'].includes(host) ? [] : [host])].map((name) =>
    name.replace(/^\[(.*)\]$/, '$1'),
  );
  return { paths, names: [...new Set(names)] };
}

/** TLS everywhere, or --insecure and nobody but this machine. */
function checkTransport(config: Config, isInsecure: boolean): void {
  const { tls, authority, etcdTls, etcd, listen, advertise, healthListen } = config;
  const transport = chooseTransport(
    {
      hasCredentials: tls !== undefined || authority !== undefined,
      hasEtcdCredentials: etcdTls !== undefined,
      isInsecure,
    },
    '--authority-cert and --authority-key, or --tls-cert, --tls-key and --tls-ca',
  );
  checkUrls('--etcd', etcd, transport);
  checkUrls('--advertise', [advertise], transport);
  checkListen('--listen', listen.host, transport);
  if (healthListen !== undefined) checkListen('--health-listen', healthListen.host, transport);
}

function parseNetwork(said: Said): Partial<NetworkInput> {
  const words = said.get('pool')?.flatMap((word) => word.split(',')) ?? [];
  const mtu = numberOf(said, 'mtu', { from: 576, to: 65_535 });
  const clientWords = said.get('client-pool')?.flatMap((word) => word.split(',')) ?? [];
  const { pools, clientPools } = asFlags(() => {
    const parsed = words.map((word) => parsePool(word, '--pool'));
    if (parsed.length > 0) checkPools(parsed, [], '--pool');
    if (mtu !== undefined) checkMtu(mtu, parsed, '--mtu');
    return {
      pools: parsed.map(({ cidr, prefixLength }) => ({ cidr: formatCidr(cidr), prefixLength })),
      clientPools: checkClientPools(clientWords, parsed, '--client-pool'),
    };
  });
  const all = {
    pools: pools.length === 0 ? undefined : pools,
    clientPools: clientPools.length === 0 ? undefined : clientPools,
    mtu,
    keepaliveSec: numberOf(said, 'keepalive', { from: 0, to: 65_535 }),
    registrationTtlSec: durationOf(said, 'registration-ttl', 2),
    holdDownSec: durationOf(said, 'hold-down', 1),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function parseClients(said: Said): ClientLimits {
  const range = { from: 1, to: 999_999 };
  return {
    ratePerSec: numberOf(said, 'rate', { ...range, from: 0 }) ?? 500,
    rateBurst: numberOf(said, 'rate-burst', range) ?? 2_000,
    connections: numberOf(said, 'max-connections', range) ?? usualLimits.connections,
    connectionsPerClient: numberOf(said, 'max-connections-per-client', range) ?? usualLimits.connectionsPerClient,
  };
}

/** What the address rules refuse here was said by a flag. */
function asFlags<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof CatalogueError)) throw error;
    throw new CatalogueError('config.invalid', error.message, {
      field: error.field ?? '--pool',
      remedy: error.remedy ?? 'choose other pools',
    });
  }
}

function numberOf(said: Said, name: string, { from, to }: { from: number; to: number }): number | undefined {
  const text = last(said, name);
  if (text === undefined) return undefined;
  const value = /^[0-9]{1,6}$/.test(text) ? Number(text) : -1;
  if (value < from || value > to)
    throw refuse(`--${name}`, `"${text}" is out of range`, `use a number between ${from} and ${to}`);
  return value;
}

function durationOf(said: Said, name: string, least: number): number | undefined {
  const text = last(said, name);
  return text === undefined ? undefined : seconds(`--${name}`, text, least);
}

function seconds(flag: string, text: string, least: number): number {
  const value = parseDuration(text);
  if (value !== undefined && value >= least * 1_000) return value / 1_000;
  throw refuse(flag, `"${text}" is not a duration of at least ${least} s`, 'write it like 30s, 5m or 24h');
}

function parseListen(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[3] ?? 0);
  const host = match?.[1] ?? match?.[2];
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port };
  throw refuse(
    '--listen',
    `"${text}" is not an address and port`,
    'write it like 192.0.2.1:7001 or [2001:db8::1]:7001',
  );
}

function parseUrl(flag: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && ['http:', 'https:'].includes(url.protocol) && url.pathname === '/' && url.username === '')
    return url.origin;
  throw refuse(flag, `"${text}" is not a URL of a server`, 'write it like https://192.0.2.1:2379');
}

function parseName(flag: string, text: string): string {
  if (new RegExp(namePattern).test(text) && text.length <= 63) return text;
  throw refuse(
    flag,
    `"${text}" is not a name`,
    'use at most 63 letters, digits, ".", "_" and "-", the first a letter or digit',
  );
}

function parseLevel(text: string): string {
  if (logLevels.includes(text)) return text;
  throw refuse('--log-level', `"${text}" is no level`, `use one of ${logLevels.join(', ')}`);
}

function needed(said: Said, name: string): string {
  const text = last(said, name);
  if (text !== undefined) return text;
  throw refuse(`--${name}`, 'is missing', `give --${name}, or set ${variableOf(name)}`);
}

function last(said: Said, name: string): string | undefined {
  return said.get(name)?.at(-1);
}

function refuse(flag: string, message: string, remedy: string): CatalogueError {
  return new CatalogueError('config.invalid', `${flag} ${message}`, { field: flag, remedy });
}
