/** Whether a process has its UDP port bound in its namespace: the sign that a userspace device is up. */
import { readdir, readlink } from 'node:fs/promises';
import { isGone, readOfProcess } from './proc.ts';

/** Whether one of the process's own sockets is bound to `port`, over either family. */
export async function hasUdpPort(pid: number, port: number): Promise<boolean> {
  const tables = await Promise.all([readOfProcess(pid, 'net/udp'), readOfProcess(pid, 'net/udp6')]);
  const bound = tables.flatMap((table) => inodesOfPort(table ?? '', port));
  if (bound.length === 0) return false;
  const own = await socketInodes(pid);
  return bound.some((inode) => own.has(inode));
}

/** The socket inodes bound to `port` in the text of /proc/net/udp or udp6 (proc(5)). */
export function inodesOfPort(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([, local, , , , , , , , inode]) => (local?.endsWith(suffix) && inode !== undefined ? [inode] : []));
}

async function socketInodes(pid: number): Promise<Set<string>> {
  const directory = `/proc/${pid}/fd`;
  const links = (await orGone(readdir(directory), [])).map((name) => orGone(readlink(`${directory}/${name}`), ''));
  return new Set((await Promise.all(links)).flatMap((link) => /^socket:\[([0-9]+)\]$/.exec(link)?.[1] ?? []));
}

async function orGone<T>(reading: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (isGone(error)) return otherwise;
    throw error;
  }
}
