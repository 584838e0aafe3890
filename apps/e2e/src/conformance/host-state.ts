/** What a host holds that a plugin could have changed: links, addresses, routes and rules, as sorted lines that can be compared. */
import { execa } from 'execa';

interface IpLink {
  ifname: string;
  mtu: number;
  linkinfo?: { info_kind?: string };
  addr_info: { local?: string; prefixlen?: number; scope?: string }[];
}

interface IpRoute {
  dst: string;
  dev?: string;
  gateway?: string;
  type?: string;
  metric?: number;
}

/** Everything in one namespace. What the kernel makes by itself (link-local, multicast, local table) is left out. */
export async function hostState(netnsPath: string): Promise<string[]> {
  const inside = (...argv: string[]): Promise<string> =>
    execa('nsenter', [`--net=${netnsPath}`, ...argv]).then(({ stdout }) => stdout);
  const [links, routes4, routes6, rules4, rules6] = await Promise.all([
    inside('ip', '-json', '-details', 'address', 'show'),
    inside('ip', '-json', '-4', 'route', 'show'),
    inside('ip', '-json', '-6', 'route', 'show'),
    inside('iptables-save'),
    inside('ip6tables-save'),
  ]);
  return [
    ...(JSON.parse(links) as IpLink[]).flatMap(linkLines),
    ...[...(JSON.parse(routes4) as IpRoute[]), ...(JSON.parse(routes6) as IpRoute[])].flatMap(routeLine),
    ...[rules4, rules6].flatMap(ruleLines),
  ].sort();
}

/** The lines of one list that the other has not, each with its sign. */
export function difference(before: readonly string[], after: readonly string[]): string[] {
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ];
}

function linkLines({ ifname, mtu, linkinfo, addr_info }: IpLink): string[] {
  const addresses = addr_info
    .filter(({ scope }) => scope !== 'link')
    .map(({ local, prefixlen }) => `${local}/${prefixlen}`);
  return [
    `link ${ifname} ${linkinfo?.info_kind ?? ''} mtu ${mtu}`,
    ...addresses.map((address) => `address ${address} on ${ifname}`),
  ];
}

function routeLine({ dst, dev, gateway, type, metric }: IpRoute): string[] {
  if (dst.startsWith('fe80') || dst.startsWith('ff00')) return [];
  return [`route ${type ?? 'unicast'} ${dst} via ${gateway ?? '-'} dev ${dev ?? '-'} metric ${metric ?? 0}`];
}

/** Counters and comments with dates apart. */
function ruleLines(saved: string): string[] {
  return saved
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => `rule ${line.replace(/\[[0-9:]+\]/, '').trim()}`);
}
