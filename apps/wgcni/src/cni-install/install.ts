/** Puts the plugin and its configuration where runtimes look for them, each by rename, the configuration last. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CatalogueError, messageOf, replaceFile } from '@wgcni/base';
import { pluginName } from '@wgcni/cni';
import type { Answer } from '../answer.ts';
import { nodeConflist, type Place } from './node-conflist.ts';

export interface InstallOptions extends Place {
  /** The built plugin. */
  plugin: string;
  /** A configuration list. */
  config: string;
  binDir: string;
  confDir: string;
  /** Puts the Node that runs this beside the plugin, which then uses it: for hosts that have none. */
  withNode: boolean;
}

/** Name of that Node in `binDir`; no runtime looks for a plugin of this name. */
const ownNode = 'wireguard-cni-node';

/**
 * Installs or upgrades; a runtime that looks meanwhile sees the old files or the new ones. Throws CatalogueError `request.invalid`
 * for a file that is missing or no configuration, and for a plugin of the chain that is not in `binDir`; then nothing was changed.
 */
export async function installCni(options: InstallOptions): Promise<Answer> {
  const { binDir, confDir, config, socket, queueDir } = options;
  const conflist = nodeConflist((await read(config, '--config')).toString('utf8'), config, { socket, queueDir });
  const plugin = await read(options.plugin, '--plugin');
  await refuseMissing(conflist.others, binDir);
  const pluginPath = join(binDir, pluginName);
  const configPath = join(confDir, basename(config));
  const nodePath = join(binDir, ownNode);
  // ORDER: what the plugin needs is there before it; with its configuration a runtime takes the network for ready, so that goes last.
  if (options.withNode) await put(nodePath, await read(process.execPath, '--with-node'), 0o755);
  await put(pluginPath, options.withNode ? runBy(nodePath, plugin) : plugin, 0o755);
  await put(configPath, conflist.text, 0o644);
  const before = await sortedBefore(confDir, basename(config));
  const value = { network: conflist.network, plugin: pluginPath, config: configPath, sortedBefore: before };
  return {
    value,
    text: [`${pluginPath}`, `${configPath}: network ${conflist.network}`, ...warningOf(before)].join('\n'),
  };
}

/** The plugin with another first line. */
function runBy(nodePath: string, plugin: Buffer): string {
  return plugin.toString('utf8').replace(/^#!.*/, `#!${nodePath}`);
}

async function read(path: string, field: string): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw new CatalogueError('request.invalid', `${path} cannot be read: ${messageOf(cause)}`, {
      field,
      remedy: 'name a file of a built checkout or release: apps/cni/dist/cni.cjs, deploy/cni/10-wireguard-cni.conflist',
      cause,
    });
  });
}

async function refuseMissing(types: readonly string[], binDir: string): Promise<void> {
  const present = await namesIn(binDir);
  const missing = types.filter((type) => !present.includes(type));
  if (missing.length === 0) return;
  throw new CatalogueError(
    'request.invalid',
    `${binDir} has no ${missing.join(', ')}, which the configuration chains`,
    {
      field: '--bin-dir',
      remedy:
        'put the reference plugins there (Debian: containernetworking-plugins, in /usr/lib/cni), or install the unchained configuration',
    },
  );
}

async function put(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await replaceFile(path, content, mode);
  } catch (cause) {
    throw new CatalogueError('io.failed', `${path} cannot be written: ${messageOf(cause)}`, {
      remedy: 'run as root, on a disk with room',
      cause,
    });
  }
}

/** Runtimes take the first configuration in the order of file names. */
async function sortedBefore(confDir: string, name: string): Promise<string[]> {
  const isConfig = (other: string): boolean => /\.(conf|conflist|json)$/.test(other) && !other.startsWith('.');
  return (await namesIn(confDir)).filter((other) => isConfig(other) && other < name).sort();
}

async function namesIn(dir: string): Promise<string[]> {
  return readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

function warningOf(before: readonly string[]): string[] {
  if (before.length === 0) return [];
  return [`attention: ${before.join(', ')} stands before it: containerd and CRI-O use the first file only`];
}
