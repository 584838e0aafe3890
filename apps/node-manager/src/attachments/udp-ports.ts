/** Which UDP ports are bound in the node's namespace: a WireGuard device that lives keeps its port. */
import { readFile } from 'node:fs/promises';

export interface UdpPorts {
  /** Every UDP port that a socket of this network namespace is bound to, either family. */
  bound(): Promise<ReadonlySet<number>>;
}

/** The kernel's own tables of this process's network namespace. */
export const procUdpPorts: UdpPorts = {
  bound: async () => {
    const tables = await Promise.all(['/proc/self/net/udp', '/proc/self/net/udp6'].map(readTable));
    return new Set(tables.flatMap(parseUdpTable));
  },
};

/** The local ports of a table in the form of /proc/net/udp (hexadecimal after the local address). */
export function parseUdpTable(text: string): number[] {
  const rows = text.split('\n').slice(1);
  return rows.flatMap((row) => {
    const port = /^\s*\d+:\s+[0-9A-F]+:([0-9A-F]{4})\s/.exec(row)?.[1];
    return port === undefined ? [] : [Number.parseInt(port, 16)];
  });
}

async function readTable(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    // A kernel without IPv6 has no udp6 table.
    if (error.code === 'ENOENT') return '';
    throw error;
  });
}
