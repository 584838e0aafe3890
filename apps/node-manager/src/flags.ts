/** The flags of the node-manager and their `WGCNI_*` variables: what may be said, before anything is checked. */
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

/** The words that were said for each flag, by the flag's name without dashes; a flag that was not said is absent. */
export type Said = ReadonlyMap<string, string[]>;

interface Flag {
  name: string;
  /** Placeholder of its value; a switch has none. */
  value?: string;
  about: string;
}

const flags: readonly Flag[] = [
  { name: 'node-id', value: 'id', about: 'name of this node in the cluster (default: the host name)' },
  { name: 'etcd', value: 'urls', about: 'etcd members, comma separated' },
  { name: 'cluster', value: 'name', about: 'name of the cluster, as the cluster-managers have it' },
  { name: 'manager', value: 'urls', about: 'cluster-managers, comma separated' },
  { name: 'data-dir', value: 'path', about: 'keys, records and the last view (default: /var/lib/wgcni)' },
  { name: 'socket', value: 'path', about: 'unix socket of the REST surface (default: /run/wgcni/node-manager.sock)' },
  { name: 'queue-dir', value: 'path', about: 'where the CNI plugin queues deletions (default: /var/lib/wgcni/queue)' },
  { name: 'listen', value: 'address:port', about: 'serve REST on loopback TCP too' },
  {
    name: 'endpoint',
    value: 'address:port',
    about: 'UDP endpoint that other nodes dial; repeat it or separate by commas',
  },
  { name: 'underlay', value: 'ifname', about: "interface whose addresses others dial (default: the default route's)" },
  { name: 'mesh-port', value: 'port', about: 'UDP port for other nodes (default: 51820)' },
  { name: 'pod-port', value: 'port', about: "UDP port for this node's containers, on loopback (default: 51821)" },
  { name: 'container-ports', value: 'range', about: "UDP ports of containers' devices (default: 61000-65535)" },
  { name: 'backend', value: 'name', about: 'WireGuard: auto, kernel or userspace (default: auto)' },
  {
    name: 'masquerade',
    value: 'when',
    about: "hide containers behind the node's address outside the pools: auto, on or off",
  },
  { name: 'log-level', value: 'level', about: 'trace, debug, info, warn, error, fatal or silent (default: info)' },
  { name: 'take-over', about: 'register although another instance of this node id is alive, or after a delete' },
  { name: 'teardown', about: 'remove everything that was ever made on this host, and end' },
];

/** The environment variable of a flag. */
export function variableOf(name: string): string {
  return `WGCNI_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** What was said; a flag wins over its variable. Throws CatalogueError `config.invalid` for an unknown flag, HelpAsked for --help. */
export function readFlags({ argv, env }: Pick<Surroundings, 'argv' | 'env'>): Said {
  const fromArgv = readArgv(argv);
  const said = new Map<string, string[]>();
  for (const { name, value } of flags) {
    const variable = env[variableOf(name)];
    const words = fromArgv.get(name) ?? (variable === undefined || variable === '' ? undefined : [variable]);
    if (words !== undefined) said.set(name, value === undefined ? [switchWord(name, words[0] ?? 'true')] : words);
  }
  return said;
}

function readArgv(argv: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let printed = '';
  const command = new Command('node-manager')
    .description(
      "Keeps this node's kernel equal to the desired mesh, and serves the CNI. Every flag has a variable WGCNI_<FLAG>.",
    )
    .exitOverride()
    .allowExcessArguments(false)
    .configureOutput({ writeOut: (text) => (printed += text), writeErr: () => {} });
  for (const { name, value, about } of flags) {
    const collect = (word: string): void => void found.set(name, [...(found.get(name) ?? []), word]);
    if (value === undefined) command.option(`--${name}`, about);
    else command.option(`--${name} <${value}>`, about, collect);
    command.on(`option:${name}`, () => {
      if (value === undefined) found.set(name, ['true']);
    });
  }
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new HelpAsked(printed);
    throw refusal(error);
  }
  return found;
}

function switchWord(name: string, word: string): string {
  if (['1', 'true', 'yes', 'on'].includes(word)) return 'true';
  if (['0', 'false', 'no', 'off'].includes(word)) return 'false';
  throw new CatalogueError('config.invalid', `${variableOf(name)} "${word}" is neither true nor false`, {
    field: `--${name}`,
    remedy: `set ${variableOf(name)} to true or false, or leave it unset`,
  });
}

function refusal(error: CommanderError): CatalogueError {
  const text = error.message.replace(/^error: /, '');
  const field = /--[a-z-]+/.exec(text)?.[0];
  return new CatalogueError('config.invalid', text, {
    ...(field === undefined ? {} : { field }),
    remedy: 'see node-manager --help for the flags and their values',
  });
}
