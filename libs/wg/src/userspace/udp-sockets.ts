/** Whether a process has a UDP socket bound in its namespace: the sign that a userspace device is up. */
import { readdir, readlink } from 'node:fs/promises';
import { isGone, readOfProcess } from './proc.ts';

/** Whether one of the process's own sockets is bound to a UDP port, over either family. */
export async function hasUdpSocket(pid: number): Promise<boolean> {
  const own = await socketInodes(pid);
  if (own.size === 0) return false;
  const tables = await Promise.all([readOfProcess(pid, 'net/udp'), readOfProcess(pid, 'net/udp6')]);
  return tables.flatMap((table) => boundInodes(table ?? '')).some((inode) => own.has(inode));
}

/** The inodes of the bound sockets in the text of /proc/net/udp or udp6 (proc(5)). */
export function boundInodes(table: string): string[] {
  const rows = table.split('\n').slice(1);
  return rows.flatMap((row) => row.trim().split(/\s+/)[9] ?? []);
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
