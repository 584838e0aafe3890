/** PURE: where a server listens, from the text of a flag, and whether only this machine reaches it there. */
import { CatalogueError } from '@wgcni/base';
import { BlockList, isIP } from 'node:net';
import type { Said } from './program.ts';

export interface Listen {
  host: string;
  port: number;
}

/** `address:port` or `[address]:port`. Throws CatalogueError `config.invalid` that names the flag. */
export function parseListen(flag: string, text: string): Listen {
  const [, ipv6, ipv4, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const [host, port] = [ipv6 ?? ipv4 ?? '', Number(digits)];
  if (isIP(host) === (ipv6 === undefined ? 4 : 6) && port >= 1 && port <= 65_535) return { host, port };
  throw refuse(flag, `"${text}" is not an address and port`, 'write it like 127.0.0.1:7070 or [::1]:7070');
}

/** `--health-listen` of either program; undefined when it was not said. */
export function saidHealthListen(said: Said): Listen | undefined {
  const text = said.get('health-listen')?.at(-1);
  return text === undefined ? undefined : parseListen('--health-listen', text);
}

/** Whether an address is one of loopback. */
export function isLoopback(host: string): boolean {
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8);
  loopback.addAddress('::1', 'ipv6');
  return loopback.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}

/** FENCE: throws CatalogueError `config.invalid` for an address that others reach, where nobody would be asked for a certificate. */
export function refuseOpen(flag: string, { host, port }: Listen): void {
  if (isLoopback(host)) return;
  throw refuse(
    flag,
    `${host}:${port} is not a loopback address, and without a certificate whoever reaches it is let in`,
    'use 127.0.0.1 or [::1], or give --tls-cert, --tls-key and --tls-ca',
  );
}

function refuse(flag: string, message: string, remedy: string): CatalogueError {
  return new CatalogueError('config.invalid', `${flag} ${message}`, { field: flag, remedy });
}
