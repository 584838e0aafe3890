/** PURE: the shipped network configuration, fitted to one node. */
import { CatalogueError } from '@wgcni/base';
import { pluginName } from '@wgcni/cni';

/** What differs from node to node. */
export interface Place {
  /** The node-manager's unix socket. */
  socket: string;
  /** Where deletions wait while the node-manager is away. */
  queueDir: string;
}

export interface NodeConflist {
  /** The file's text. */
  text: string;
  network: string;
  /** Types of the plugins of the chain beside ours: they must be in the runtime's plugin directory. */
  others: string[];
}

/** The configuration list in `text` with `place` in our plugin's part. Throws CatalogueError `request.invalid` naming `path`. */
export function nodeConflist(text: string, path: string, place: Place): NodeConflist {
  const list = parse(text, path);
  const { name, plugins } = list;
  if (typeof name !== 'string' || name === '') throw unfit(path, 'it has no network name');
  if (!Array.isArray(plugins) || !plugins.every(isTyped)) throw unfit(path, 'it has no list of plugins with a type');
  const isOurs = ({ type }: { type: string }): boolean => type === pluginName;
  if (plugins.filter(isOurs).length !== 1) throw unfit(path, `it must hold one plugin of the type ${pluginName}`);
  const placed = plugins.map((plugin) => (isOurs(plugin) ? { ...plugin, ...place } : plugin));
  return {
    text: `${JSON.stringify({ ...list, plugins: placed }, null, 2)}\n`,
    network: name,
    others: plugins.filter((plugin) => !isOurs(plugin)).map(({ type }) => type),
  };
}

function parse(text: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw unfit(path, 'it is not JSON', cause);
  }
  throw unfit(path, 'it is not a JSON object');
}

function isTyped(plugin: unknown): plugin is { type: string } {
  return typeof plugin === 'object' && plugin !== null && 'type' in plugin && typeof plugin.type === 'string';
}

function unfit(path: string, why: string, cause?: unknown): CatalogueError {
  return new CatalogueError('request.invalid', `${path} is no configuration list for this plugin: ${why}`, {
    field: '--config',
    remedy: 'start from deploy/cni/10-wireguard-cni.conflist',
    cause,
  });
}
