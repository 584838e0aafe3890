/** The table: who × where to × by what × family, and what decision 0008 says of each in a setting. */
import type { RuleInput } from '@wgcni/api';

export const sources = ['container', 'client', 'node', 'outside'] as const;
export type Source = (typeof sources)[number];

/** `same` and `other`: a container of the first node and of the second; `published`: a port of the first node that is redirected to `same`. */
export type Target = 'same' | 'other' | 'gateway' | 'underlay' | 'far gateway' | 'outside' | 'client' | 'published';

const asks = ['tcp 80', 'tcp 81', 'udp 80', 'icmp'] as const;
type Ask = (typeof asks)[number];

export interface Setting {
  name: string;
  isolation: 'open' | 'isolated';
  rules: Record<string, RuleInput>;
  isClientReachable: boolean;
  /** What is allowed, by source and target; families differ where they are named. The rest is not. */
  allowed: Partial<Record<`${Source} → ${Target}`, readonly (Ask | `${Ask} IPv${4 | 6}`)[]>>;
}

/** Every pair that is tried. */
const ways: readonly [Source, Target][] = [
  ...(['same', 'other', 'gateway', 'underlay', 'far gateway', 'outside', 'client', 'published'] as const).map(
    (target): [Source, Target] => ['container', target],
  ),
  ...(['same', 'other', 'gateway', 'far gateway', 'outside'] as const).map((target): [Source, Target] => [
    'client',
    target,
  ]),
  ...(['same', 'other', 'client'] as const).map((target): [Source, Target] => ['node', target]),
  ['outside', 'published'],
];

/** What may be whatever the setting is: nodes and the outside are not judged, and a node answers an echo. */
const always: Setting['allowed'] = {
  'node → same': asks,
  'node → other': asks,
  'node → client': asks,
  'outside → published': ['tcp 80'],
  'container → gateway': ['icmp'],
  'container → underlay': ['icmp'],
  'container → far gateway': ['icmp'],
  'client → gateway': ['icmp'],
  'client → far gateway': ['icmp'],
};

const open: Setting = {
  name: 'open',
  isolation: 'open',
  rules: {},
  isClientReachable: false,
  allowed: {
    ...always,
    'container → same': asks,
    'container → other': asks,
    'container → outside': asks,
    'container → published': ['tcp 80'],
    'client → same': asks,
    'client → other': asks,
  },
};

/** `firstSubnet`, `secondSubnets`: of the two nodes; the rules of one setting speak of them. */
export function settings(firstSubnet4: string, secondSubnets: string[], outside: string[]): Setting[] {
  const node = ['icmp', 'tcp 80'] as const;
  return [
    open,
    { name: 'isolated', isolation: 'isolated', rules: {}, isClientReachable: false, allowed: always },
    {
      name: 'isolated, with rules',
      isolation: 'isolated',
      isClientReachable: false,
      rules: {
        web: { from: ['containers'], to: ['containers'], protocol: 'tcp', ports: ['80'] },
        names: { from: ['containers'], to: ['node'], protocol: 'udp', ports: ['53', '79-80'] },
        egress: { from: [firstSubnet4], to: outside, protocol: 'tcp', ports: ['80-81'] },
        echo: { from: ['clients'], to: secondSubnets, protocol: 'icmp' },
        datagrams: { from: ['clients'], to: ['any'], protocol: 'udp' },
        down: { from: ['containers'], to: ['clients'], protocol: 'tcp', ports: ['81'] },
      },
      allowed: {
        ...always,
        'container → same': ['tcp 80'],
        'container → other': ['tcp 80'],
        // What was asked for is port 8080 of the node; what answers is port 80 of a container.
        'container → published': ['tcp 80'],
        'container → gateway': ['icmp', 'udp 80'],
        'container → underlay': ['icmp', 'udp 80'],
        'container → far gateway': ['icmp', 'udp 80'],
        'container → outside': ['tcp 80 IPv4', 'tcp 81 IPv4'],
        'container → client': ['tcp 81'],
        'client → same': ['udp 80'],
        'client → other': ['udp 80', 'icmp'],
        'client → outside': ['udp 80'],
      },
    },
    {
      ...open,
      name: 'open, with rules and a reachable client',
      isClientReachable: true,
      rules: { services: { from: ['any'], to: ['node'], protocol: 'tcp', ports: ['80'] } },
      allowed: {
        ...open.allowed,
        'container → client': asks,
        'container → gateway': node,
        'container → underlay': node,
        'container → far gateway': node,
        'client → gateway': node,
        'client → far gateway': node,
      },
    },
  ];
}

export interface Cell {
  source: Source;
  target: Target;
  ask: Ask;
  family: 4 | 6;
}

/** Every cell; a published port is one port. */
export const cells: readonly Cell[] = ways.flatMap(([source, target]) =>
  asks
    .filter((ask) => target !== 'published' || ask === 'tcp 80')
    .flatMap((ask) => ([4, 6] as const).map((family) => ({ source, target, ask, family }))),
);

export function nameOf({ source, target, ask, family }: Cell): string {
  return `${source} → ${target}, ${ask}, IPv${family}`;
}

export function isAllowed({ allowed }: Setting, { source, target, ask, family }: Cell): boolean {
  const said = allowed[`${source} → ${target}`] ?? [];
  return said.includes(ask) || said.includes(`${ask} IPv${family}`);
}
