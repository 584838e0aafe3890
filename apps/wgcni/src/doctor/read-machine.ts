/** Reads of this machine what `wgcni doctor` judges; changes nothing. */
import { execFile } from 'node:child_process';
import { access, constants, readdir, readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Machine, neededPrograms } from './judge-machine.ts';

const run = promisify(execFile);

/** Rejects when this is no Linux with iproute2. */
export async function readMachine(confDir: string): Promise<Machine> {
  const [programs, hasWireguardModule, links, routes, udpPorts, chains, cniFiles] = await Promise.all([
    findPrograms(),
    hasModule(),
    ip<{ ifname: string; mtu: number; flags: string[] }>('link'),
    Promise.all(['-4', '-6'].map((family) => ip<{ dev?: string }>(family, 'route', 'show', 'default'))),
    boundUdpPorts(),
    readChains(),
    readdir(confDir).catch(() => []),
  ]);
  return {
    ...{ release: release(), programs, hasWireguardModule, udpPorts, chains },
    links: links.map(({ ifname, mtu, flags }) => ({ name: ifname, mtu, isUp: flags.includes('UP') })),
    uplinks: [...new Set(routes.flat().flatMap(({ dev }) => (dev === undefined ? [] : [dev])))],
    cniFiles: cniFiles.filter((file) => /\.(conf|conflist|json)$/.test(file)),
  };
}

async function findPrograms(): Promise<Map<string, boolean>> {
  const dirs = (process.env['PATH'] ?? '').split(':');
  const isThere = (name: string): Promise<boolean> =>
    Promise.any(dirs.map((dir) => access(join(dir, name), constants.X_OK))).then(
      () => true,
      () => false,
    );
  return new Map(
    await Promise.all([...neededPrograms.keys()].map(async (name) => [name, await isThere(name)] as const)),
  );
}

/** Loaded or built in, else whether it could be loaded. */
async function hasModule(): Promise<boolean> {
  const isLoaded = await access('/sys/module/wireguard').then(
    () => true,
    () => false,
  );
  return (
    isLoaded ||
    run('modprobe', ['--dry-run', '--quiet', 'wireguard']).then(
      () => true,
      () => false,
    )
  );
}

async function ip<T>(...argv: string[]): Promise<T[]> {
  const { stdout } = await run('ip', ['-j', ...argv]);
  return stdout.trim() === '' ? [] : (JSON.parse(stdout) as T[]);
}

/** Of `/proc/net/udp`: the local address is the second word, `ADDRESS:PORT` in hexadecimal. */
async function boundUdpPorts(): Promise<Set<number>> {
  const texts = await Promise.all(['udp', 'udp6'].map((file) => readFile(`/proc/net/${file}`, 'utf8').catch(() => '')));
  const lines = texts.flatMap((text) => text.split('\n').slice(1));
  return new Set(
    lines
      .flatMap((line) => /^\s*[0-9]+: [0-9A-F]+:([0-9A-F]{4}) /.exec(line)?.[1] ?? [])
      .map((hex) => Number.parseInt(hex, 16)),
  );
}

/** Names of chains, of both families; undefined when somebody may not read them. */
async function readChains(): Promise<string[] | undefined> {
  try {
    const texts = await Promise.all(
      ['iptables-save', 'ip6tables-save'].map((program) => run(program, [], { maxBuffer: 64 << 20 })),
    );
    return texts.flatMap(({ stdout }) => [...stdout.matchAll(/^:(\S+) /gm)].map(([, name]) => name ?? ''));
  } catch {
    return undefined;
  }
}
