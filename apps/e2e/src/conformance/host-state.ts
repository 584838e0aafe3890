/** What a host holds that a plugin could have changed: links, addresses, routes and rules, as sorted lines that can be compared. */
import { execa } from 'execa';

interface IpLink {
  ifname: string;
  mtu: number;
  flags: string[];
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

/** One process start for all of them: the suite looks at hosts a thousand times. */
const looks = [
  'ip -json -details address show',
  'ip -json -4 route show',
  'ip -json -6 route show',
  'iptables-save',
  'ip6tables-save',
];
const mark = '=====';

/** Everything in one namespace. What the kernel makes by itself (link-local, multicast, local table) is left out. */
export async function hostState(netnsPath: string): Promise<string[]> {
  const script = looks.join(` && echo ${mark} && `);
  const { stdout } = await execa('nsenter', [`--net=${netnsPath}`, 'sh', '-c', script]);
  const [links = '', routes4 = '', routes6 = '', rules4 = '', rules6 = ''] = stdout.split(new RegExp(`${mark}\n?`));
  return [
    ...(JSON.parse(links) as IpLink[]).flatMap(linkLines),
    ...[...(JSON.parse(routes4) as IpRoute[]), ...(JSON.parse(routes6) as IpRoute[])].flatMap(routeLine),
    ...[rules4, rules6].flatMap(ruleLines),
  ].sort();
}

/** The lines that one list has more often than the other, each with its sign: a rule that is there twice is a change too. */
export function difference(before: readonly string[], after: readonly string[]): string[] {
  return [...without(before, after).map((line) => `- ${line}`), ...without(after, before).map((line) => `+ ${line}`)];
}

/** What is left of a list when each line of the other has taken one like it away. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of others) counts.set(line, (counts.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const left = counts.get(line) ?? 0;
    counts.set(line, left - 1);
    return left <= 0;
  });
}

function linkLines({ ifname, mtu, flags, linkinfo, addr_info }: IpLink): string[] {
  const addresses = addr_info
    .filter(({ scope }) => scope !== 'link')
    .map(({ local, prefixlen }) => `${local}/${prefixlen}`);
  return [
    `link ${ifname} ${linkinfo?.info_kind ?? ''} mtu ${mtu} ${flags.includes('UP') ? 'up' : 'down'}`,
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
