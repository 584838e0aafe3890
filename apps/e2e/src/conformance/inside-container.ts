/** What a container sees of its interface: addresses, MTU, default routes, and whether its gateway answers. */
import { inside } from '../inside.ts';

export interface SeenInterface {
  mac: string | undefined;
  mtu: number;
  /** With prefix length, link-local ones left out, sorted. */
  addresses: string[];
  isUp: boolean;
}

interface IpLink {
  ifname: string;
  link_type: string;
  address?: string;
  mtu: number;
  flags: string[];
  addr_info: { local?: string; prefixlen?: number; scope?: string }[];
}

/** The interface of that name, or undefined when there is none. */
export async function seenInterface(netnsPath: string, ifName: string): Promise<SeenInterface | undefined> {
  const { stdout } = await inside(netnsPath, ['ip', '-json', 'address', 'show']);
  const link = (JSON.parse(stdout) as IpLink[]).find(({ ifname }) => ifname === ifName);
  if (link === undefined) return undefined;
  return {
    mac: link.link_type === 'ether' ? link.address : undefined,
    mtu: link.mtu,
    addresses: link.addr_info
      .filter(({ scope }) => scope !== 'link')
      .map(({ local, prefixlen }) => `${local}/${prefixlen}`)
      .sort(),
    isUp: link.flags.includes('UP'),
  };
}

/** The destinations that lead through the interface, `default` written as a prefix. */
export async function routesThrough(netnsPath: string, ifName: string): Promise<string[]> {
  const tables = await Promise.all(
    (['-4', '-6'] as const).map((family) => inside(netnsPath, ['ip', '-json', family, 'route', 'show', 'dev', ifName])),
  );
  return tables.flatMap(({ stdout }, index) =>
    (JSON.parse(stdout) as { dst: string }[]).map(({ dst }) =>
      dst === 'default' ? (index === 0 ? '0.0.0.0/0' : '::/0') : dst,
    ),
  );
}

/** Resolves when the address answers a ping from inside; rejects with what ping said. */
export async function answersFrom(netnsPath: string, address: string, ifName?: string): Promise<void> {
  const through = ifName === undefined ? [] : ['-I', ifName];
  await inside(netnsPath, ['ping', '-n', '-q', '-c', '1', '-W', '5', ...through, address]);
}
