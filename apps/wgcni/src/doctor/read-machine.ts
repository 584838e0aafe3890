/** Reads of this machine what `wgcni doctor` judges; changes nothing. */
import { access, constants, readdir, readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { Processes } from '@wgcni/iproute';
import { type Machine, neededPrograms } from './judge-machine.ts';

/** Rejects when this is no Linux with iproute2. */
export async function readMachine(confDir: string): Promise<Machine> {
  const processes = new Processes();
  const ip = async <T>(...words: string[]): Promise<T[]> => {
    const stdout = await said(processes, 'ip', '-j', ...words);
    return stdout.trim() === '' ? [] : (JSON.parse(stdout) as T[]);
  };
  const [programs, hasWireguardModule, links, routes, udpPorts, chains, cniFiles] = await Promise.all([
    findPrograms(),
    hasModule(processes),
    ip<{ ifname: string; mtu: number; flags: string[] }>('link'),
    Promise.all(['-4', '-6'].map((family) => ip<{ dev?: string }>(family, 'route', 'show', 'default'))),
    boundUdpPorts(),
    readChains(processes),
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
async function hasModule(processes: Processes): Promise<boolean> {
  const isLoaded = await access('/sys/module/wireguard').then(
    () => true,
    () => false,
  );
  return (
    isLoaded ||
    said(processes, 'modprobe', '--dry-run', '--quiet', 'wireguard').then(
      () => true,
      () => false,
    )
  );
}

/** What a program prints. Rejects when it cannot be started or fails. */
async function said(processes: Processes, ...argv: [string, ...string[]]): Promise<string> {
  const { status, stdout, stderr } = await processes.run({ argv });
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr.trim()}`);
  return stdout;
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
async function readChains(processes: Processes): Promise<string[] | undefined> {
  try {
    const texts = [await said(processes, 'iptables-save'), await said(processes, 'ip6tables-save')];
    return texts.flatMap((text) => [...text.matchAll(/^:(\S+) /gm)].map(([, name]) => name ?? ''));
  } catch {
    return undefined;
  }
}
