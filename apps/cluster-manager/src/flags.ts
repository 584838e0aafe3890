/** The flags of the cluster-manager and their `WGCNI_*` variables: what may be said, before anything is checked. */
import { CatalogueError } from '@wgcni/base';
import { Command, CommanderError } from 'commander';

/** What the process was started with. */
export interface Surroundings {
  /** Arguments after the program's name. */
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  hostname: string;
}

/** Help was asked for: print it and end with status 0. */
export class HelpAsked extends Error {
  readonly text: string;
  constructor(text: string) {
    super('help was asked for');
    this.text = text;
  }
}

/** The words that were said for each flag; one that was not said is absent. */
export type Said = ReadonlyMap<string, string[]>;

/** Name, placeholder of its value (a switch has none), what it is about. */
const flags: readonly (readonly [name: string, value: string | undefined, about: string])[] = [
  ['etcd', 'urls', 'etcd members, comma separated'],
  ['cluster', 'name', 'name of the cluster; several can share one etcd'],
  ['listen', 'host:port', 'where REST is served'],
  ['advertise', 'url', 'URL by which the other replicas reach this one'],
  ['replica-id', 'id', 'name of this replica (default: host name and port)'],
  ['bootstrap', undefined, 'create the network if there is none'],
  ['pool', 'cidr:length', 'pool of the network and the length of its subnets; repeat it'],
  ['mtu', 'bytes', 'MTU of every WireGuard device (default: 1420)'],
  ['keepalive', 'seconds', 'persistent keepalive between nodes, 0 is off (default: 25)'],
  ['registration-ttl', 'duration', 'how long a registration outlives its last renewal (default: 30s)'],
  ['hold-down', 'duration', 'how long a silent node keeps its subnets (default: 24h)'],
  ['leader-ttl', 'duration', 'how long leadership outlives its last renewal (default: 5s)'],
  ['silence-reading', 'duration', 'time between two readings of who is silent (default: 60s)'],
  ['rest', 'duration', 'how long a released subnet rests (default: 5m)'],
  ['log-level', 'level', 'trace, debug, info, warn, error, fatal or silent (default: info)'],
];

/** The environment variable of a flag. */
export function variableOf(name: string): string {
  return `WGCNI_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** What was said; a flag wins over its variable. Throws CatalogueError `config.invalid` for an unknown flag, HelpAsked for --help. */
export function readFlags({ argv, env }: Pick<Surroundings, 'argv' | 'env'>): Said {
  const said = readArgv(argv);
  for (const [name] of flags) {
    const variable = env[variableOf(name)];
    if (!said.has(name) && variable !== undefined && variable !== '') said.set(name, [variable]);
  }
  return said;
}

function readArgv(argv: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let printed = '';
  const command = new Command('cluster-manager')
    .description(
      'Grants subnets to nodes and keeps the register of their keys. Every flag has a variable WGCNI_<FLAG>.',
    )
    .exitOverride()
    .allowExcessArguments(true)
    .configureOutput({ writeOut: (text) => (printed += text), writeErr: () => {} });
  for (const [name, value, about] of flags) {
    command.option(value === undefined ? `--${name}` : `--${name} <${value}>`, about);
    command.on(
      `option:${name}`,
      (word: string | null) => void found.set(name, [...(found.get(name) ?? []), word ?? 'true']),
    );
  }
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new HelpAsked(printed);
    throw refusal(error);
  }
  const [word] = command.args;
  if (word !== undefined) {
    throw new CatalogueError('config.invalid', `the word "${word}" belongs to no flag`, {
      field: word,
      remedy: 'write values behind their flag, and a switch that is off as --flag=false or not at all',
    });
  }
  return found;
}

function refusal(error: CommanderError): CatalogueError {
  const text = error.message.replace(/^error: /, '');
  const field = /--[a-z-]+/.exec(text)?.[0];
  return new CatalogueError('config.invalid', text, {
    ...(field === undefined ? {} : { field }),
    remedy: 'see cluster-manager --help for the flags and their values',
  });
}
