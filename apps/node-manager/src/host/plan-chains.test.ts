/** Our packet filter chains: what is said of pool addresses that come in where they do not belong. */
import { parseCidr } from '@wgcni/ipam';
import { describe, expect, it } from 'vitest';
import { controlPlaneOf } from '../control-plane/servers.ts';
import { type ChainsInput, planChains } from './plan-chains.ts';

const input: ChainsInput = {
  ...{ meshPort: 51_820, podPort: 51_821, containerPorts: { first: 61_000, last: 65_535 } },
  leaving: { mode: 'auto', except: [], routes: [], sources: [] },
  ...{ controlPlane: undefined, clientPools: [] },
  ...{ hasIpv6: true, pools: ['10.64.0.0/12', 'fd64::/48', '10.96.0.0/16'].map((text) => parseCidr(text)) },
};
const sources = (one: ChainsInput) =>
  planChains(one)
    .filter(({ name }) => name === 'WGCNI-SOURCE')
    .map(({ family, rules }) => [family, rules]);

describe('a packet from an address of a pool', () => {
  it('is dropped before anything else when the way back does not lead where it came in, in each family', () => {
    expect(sources(input)).toEqual([
      [4, ['-s 10.64.0.0/12 -m rpfilter --invert -j DROP', '-s 10.96.0.0/16 -m rpfilter --invert -j DROP']],
      [6, ['-s fd64::/48 -m rpfilter --invert -j DROP']],
    ]);
  });

  it('is nothing to ask about where there is no pool of the family, and before the network is known', () => {
    expect(sources({ ...input, pools: [parseCidr('10.64.0.0/12')] }).map(([family]) => family)).toEqual([4]);
    expect(sources({ ...input, pools: [] })).toEqual([]);
    expect(sources({ ...input, hasIpv6: false }).map(([family]) => family)).toEqual([4]);
  });
});

const rulesOf = (one: ChainsInput, family: number, name: string) =>
  planChains(one).find((chain) => chain.family === family && chain.name === name)?.rules;

describe('what is forwarded', () => {
  it.each([4, 6] as const)('lets in from outside what was redirected to a container, and answers (IPv%i)', (family) => {
    const fromAnywhere = rulesOf(input, family, 'WGCNI-FORWARD')?.filter((rule) => rule.startsWith('-o '));
    expect(fromAnywhere).toEqual([
      '-o wgcni-pods -m conntrack --ctstate DNAT -j ACCEPT',
      '-o wgcni-v+ -m conntrack --ctstate DNAT -j ACCEPT',
      '-o wgcni-pods -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      '-o wgcni-v+ -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    ]);
  });
});

describe('a veth of a container', () => {
  it('lets nothing in that its container has not the address of, before anything else', () => {
    for (const family of [4, 6])
      expect(rulesOf(input, family, 'WGCNI-VETH')).toEqual([
        `-s ${family === 4 ? '0.0.0.0/8' : '::/128'} -i wgcni-v+ -j DROP`,
        '-i wgcni-v+ -m rpfilter --invert -j DROP',
      ]);
  });

  it('is accepted and clamped wherever the pods device is, in both directions', () => {
    for (const [name, words] of [
      [
        'WGCNI-FORWARD',
        [
          '-i wgcni-pods -j',
          '-i wgcni-mesh -o wgcni-pods',
          '-o wgcni-pods -m conntrack --ctstate DNAT',
          '-o wgcni-pods -m conntrack --ctstate REL',
        ],
      ],
      ['WGCNI-MSS', ['-o wgcni-pods']],
    ] as const) {
      for (const word of words) {
        const [tunnel, veth] = [word, word.replace('wgcni-pods', 'wgcni-v+')];
        const of = (text: string) => (rulesOf(input, 4, name) ?? []).filter((rule) => rule.startsWith(text));
        expect(of(veth)).toEqual(of(tunnel).map((rule) => rule.replace('wgcni-pods', 'wgcni-v+')));
        expect(of(veth)).toHaveLength(1);
      }
    }
  });
});

describe("the ports of containers' devices", () => {
  const atPorts = (one: ChainsInput, family: number) =>
    rulesOf(one, family, 'WGCNI-INPUT')?.filter((rule) => rule.includes('61000:65535'));
  const [own, rest] = [
    '-i lo -p udp -m udp --dport 61000:65535 -j ACCEPT',
    '-p udp -m udp --dport 61000:65535 -j DROP',
  ];

  it('are reached from the node itself alone, and from nodes whose containers are direct peers', () => {
    expect(atPorts(input, 4)).toEqual([own, rest]);
    const far = { ...input, farSources: ['192.0.2.2', '2001:db8::2'] };
    expect(atPorts(far, 4)).toEqual([own, '-s 192.0.2.2/32 -p udp -m udp --dport 61000:65535 -j ACCEPT', rest]);
    expect(atPorts(far, 6)).toEqual([own, '-s 2001:db8::2/128 -p udp -m udp --dport 61000:65535 -j ACCEPT', rest]);
  });

  it('open no other port to these nodes', () => {
    const far = rulesOf({ ...input, farSources: ['192.0.2.2'] }, 4, 'WGCNI-INPUT') ?? [];
    expect(far.filter((rule) => rule.startsWith('-s '))).toHaveLength(1);
  });
});

it('answers the echoes by which other nodes know that a tunnel works, and no others, whatever the policy of somebody else', () => {
  const echoes = (family: number) => rulesOf(input, family, 'WGCNI-INPUT')?.filter((rule) => rule.includes('icmp'));
  expect(echoes(4)).toEqual(['-i wgcni-mesh -p icmp -m icmp --icmp-type 8 -j ACCEPT']);
  expect(echoes(6)).toEqual(['-i wgcni-mesh -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT']);
});

describe('etcd and the cluster-managers', () => {
  const guarded = { ...input, controlPlane: controlPlaneOf(['https://192.0.2.1:7001'], new Map()) };
  it('are dropped for containers before anything of theirs is accepted', () => {
    for (const name of ['WGCNI-FORWARD', 'WGCNI-INPUT']) {
      const rules = rulesOf(guarded, 4, name) ?? [];
      const plain = rulesOf(input, 4, name) ?? [];
      expect(plain.some((rule) => rule.includes('7001'))).toBe(false);
      expect(rules.length).toBeGreaterThan(plain.length);
      expect(rules.slice(-plain.length)).toEqual(plain);
      for (const rule of rules.slice(0, -plain.length)) expect(rule).toMatch(/--dport 7001 -j DROP$/);
    }
    expect(rulesOf(guarded, 4, 'WGCNI-CONTROL')?.at(0)).toBe(
      '-d 192.0.2.1/32 -i wgcni-pods -p tcp -m tcp --dport 7001 -j DROP',
    );
  });

  it('are guarded by their port in the other family too, and by nothing where containers may reach them', () => {
    expect(rulesOf(guarded, 6, 'WGCNI-FORWARD')).toEqual(rulesOf(input, 6, 'WGCNI-FORWARD'));
    expect(rulesOf(guarded, 6, 'WGCNI-INPUT')?.at(0)).toBe('-i wgcni-pods -p tcp -m tcp --dport 7001 -j DROP');
    expect(planChains(input).map(({ name }) => name)).not.toContain('WGCNI-CONTROL');
  });
});

describe('a network behind this node', () => {
  it('is let through from the mesh, and only answers come back, whatever the policy of somebody else', () => {
    const leaving = { ...input.leaving, routes: [parseCidr('192.168.50.0/24')] };
    const chain = planChains({ ...input, leaving }).find(({ name }) => name === 'WGCNI-FORWARD');
    expect(chain?.rules.slice(-2)).toEqual([
      '-d 192.168.50.0/24 -i wgcni-mesh -j ACCEPT',
      '-s 192.168.50.0/24 -o wgcni-mesh -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    ]);
  });
});

describe('external clients', () => {
  const pool = parseCidr('10.80.0.0/24');
  const controlPlane = controlPlaneOf(['https://192.0.2.1:7001'], new Map());
  const chainOf = (name: string) =>
    planChains({ ...input, controlPlane, clientPools: [pool] }).find((one) => one.family === 4 && one.name === name)
      ?.rules ?? [];

  it('are held to their addresses, hidden outside and kept away from the control plane as containers are', () => {
    expect(chainOf('WGCNI-SOURCE')).toContain('-s 10.80.0.0/24 -m rpfilter --invert -j DROP');
    expect(chainOf('WGCNI-MASQUERADE')).toEqual(
      expect.arrayContaining(['-d 10.80.0.0/24 -j RETURN', '-s 10.80.0.0/24 ! -o wgcni-+ -j MASQUERADE']),
    );
    for (const name of ['WGCNI-FORWARD', 'WGCNI-INPUT', 'WGCNI-CONTROL'])
      expect(
        chainOf(name).filter((rule) => rule.startsWith('-s 10.80.0.0/24 ') && rule.endsWith('-j DROP')),
      ).not.toEqual([]);
  });

  it('reach containers of other nodes by the one node that they dial, and are reached by it', () => {
    expect(chainOf('WGCNI-FORWARD')).toContain('-i wgcni-mesh -o wgcni-mesh -j ACCEPT');
  });

  it('reach the outside whatever the policy of somebody else, and only answers come back', () => {
    expect(chainOf('WGCNI-FORWARD').slice(-2)).toEqual([
      '-s 10.80.0.0/24 -i wgcni-mesh -j ACCEPT',
      '-d 10.80.0.0/24 -o wgcni-mesh -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    ]);
  });
});
