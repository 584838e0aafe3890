/** What the mesh device and its routes lose, and what stays because nobody accounts for it or because it is not ours. */
import { parseAddress } from '@wgcni/ipam';
import { type KernelState, routeProtocol, type RouteState } from '@wgcni/iproute';
import { type ObservedPeer, type PublicKey, systemKeys } from '@wgcni/wg';
import { describe, expect, it } from 'vitest';
import type { DesiredMesh } from './desired-mesh.ts';
import type { DesiredPeer } from './desired-peer.ts';
import { type EndpointPolicy, planMesh } from './plan-mesh.ts';

const [known, stranger] = [systemKeys.generate().publicKey, systemKeys.generate().publicKey];
const firstPublished: EndpointPolicy = { choose: ([first]) => first, written: () => new Map() };
const endpoint = '192.0.2.2:51820';

const peer: DesiredPeer = {
  ...{ publicKey: known, endpoints: [endpoint], allowedIps: ['10.64.2.0/24'], keepaliveSec: 25 },
};
const desired = (change: Partial<DesiredMesh> = {}): DesiredMesh => ({
  ...{ mtu: 1_420, peers: [peer], departed: new Set<PublicKey>(), pools: ['10.64.0.0/12'], clientPools: [] },
  routes: [],
  ...{ gateways: new Map([[4, '10.64.1.1'] as const]), ownSubnets: ['10.64.1.0/24'], ...change },
});
const seen = (publicKey: PublicKey, ...allowedIps: string[]): ObservedPeer => ({
  ...{ publicKey, endpoint, allowedIps, keepaliveSec: 25 },
  ...{ latestHandshakeAt: 0, receivedBytes: 0, sentBytes: 0 },
});
const route = (destination: string, change: Partial<RouteState> = {}): RouteState => ({
  ...{ family: 4, destination, kind: 'unicast', device: 'wgcni-mesh', source: '10.64.1.1', metric: 0 },
  ...{ protocol: routeProtocol, table: 254, ...change },
});
const lastResort: RouteState = {
  ...{ family: 4, destination: '10.64.0.0/12', kind: 'unreachable', metric: 1_000_000 },
  ...{ protocol: routeProtocol, table: 254 },
};
const kernel = (...routes: RouteState[]): KernelState => ({
  links: [{ index: 1, name: 'wgcni-mesh', kind: 'wireguard', isUp: true, mtu: 1_420, alias: '', isLoopback: false }],
  addresses: [
    {
      ...{ linkIndex: 2, linkName: 'wgcni-pods', family: 4, address: '10.64.1.1', prefixLength: 24 },
      ...{ scope: 'global', isTentative: false },
    },
  ],
  routes,
  policyRoutes: [],
});
const plan = (change: Partial<DesiredMesh>, peers: ObservedPeer[], ...routes: RouteState[]) =>
  planMesh(
    desired(change),
    { peers, kernel: kernel(...routes), servers: [parseAddress('192.168.60.9')] },
    firstPublished,
  );

describe('the plan of the mesh', () => {
  it('is empty when everything is as desired', () => {
    const { peers, kernel: changes } = plan({}, [seen(known, '10.64.2.0/24')], route('10.64.2.0/24'), lastResort);
    expect([peers, changes]).toEqual([[], []]);
  });

  it('leaves a peer that nobody accounts for, with its routes', () => {
    const found = [seen(known, '10.64.2.0/24'), seen(stranger, '10.64.7.0/24')];
    const routes = [route('10.64.2.0/24'), route('10.64.7.0/24'), lastResort];
    const { peers, kernel: changes } = plan({}, found, ...routes);
    expect([peers, changes]).toEqual([[], []]);
  });

  it('removes a peer that left for a readable cause, with its routes', () => {
    const found = [seen(known, '10.64.2.0/24'), seen(stranger, '10.64.7.0/24')];
    const routes = [route('10.64.2.0/24'), route('10.64.7.0/24'), lastResort];
    const { peers, kernel: changes } = plan({ departed: new Set([stranger]) }, found, ...routes);
    expect(peers).toEqual([{ kind: 'remove', publicKey: stranger }]);
    expect(changes).toMatchObject([{ kind: 'remove-route', route: { destination: '10.64.7.0/24' } }]);
  });

  it('removes a peer whose every subnet another has by now, and keeps one that has a subnet of its own left', () => {
    const other = seen(stranger, '10.64.2.0/24');
    expect(
      plan({}, [other])
        .peers.map(({ kind }) => kind)
        .sort(),
    ).toEqual(['add', 'remove']);
    const mixed = seen(stranger, '10.64.2.0/24', '10.64.7.0/24');
    expect(plan({}, [mixed]).peers.map(({ kind }) => kind)).not.toContain('remove');
  });

  it('touches no route that does not carry our mark, and makes none where the host has its own', () => {
    const theirs = [
      route('10.64.9.0/24', { protocol: 4 }),
      route('10.64.2.0/24', { protocol: 3, device: 'eth0' }),
      route('10.99.0.0/16', { protocol: 3, device: 'eth0' }),
    ];
    const { kernel: changes, refused } = plan({}, [seen(known, '10.64.2.0/24')], ...theirs, lastResort);
    expect(changes).toEqual([]);
    expect(refused).toMatchObject([{ subnet: '10.64.2.0/24' }]);
  });

  it('asks each route of the kernel as often, however many nodes there are', () => {
    const asked = (nodes: number): number => {
      let count = 0;
      const subnets = Array.from({ length: nodes }, (_, index) => `10.${65 + (index >> 8)}.${index & 255}.0/24`);
      const counted = subnets.map((destination) =>
        Object.defineProperty(route(destination), 'destination', { get: () => ((count += 1), destination) }),
      );
      const all = { ...peer, allowedIps: subnets };
      expect(plan({ peers: [all] }, [seen(known, ...subnets)], ...counted, lastResort).kernel).toEqual([]);
      return count / nodes;
    };
    expect(asked(600)).toBe(asked(60));
  });

  it('fails closed: what is of a pool and of nobody is unreachable, behind every other route', () => {
    expect(plan({ peers: [] }, []).kernel).toEqual([
      { kind: 'set-route', route: { destination: '10.64.0.0/12', kind: 'unreachable', metric: 1_000_000 } },
    ]);
  });
});

describe('routes that nodes offer in the plan of the mesh', () => {
  const lan = '192.168.50.0/24';
  const offering = { peers: [{ ...peer, allowedIps: ['10.64.2.0/24', lan] }], routes: [lan] };
  const found = [seen(known, '10.64.2.0/24', lan)];

  it('lead into the mesh, and nowhere without it', () => {
    const { kernel: changes, refused } = plan(offering, found, route('10.64.2.0/24'), lastResort);
    expect(changes).toEqual([
      { kind: 'set-route', route: { destination: lan, kind: 'unreachable', metric: 1_000_000 } },
      { kind: 'set-route', route: { destination: lan, kind: 'unicast', device: 'wgcni-mesh', source: '10.64.1.1' } },
    ]);
    expect(refused).toEqual([]);
  });

  it('are left alone where the host is in that network itself, which is told', () => {
    const connected = route(lan, { device: 'eth1', source: '192.168.50.7', protocol: 2 });
    const { kernel: changes, refused } = plan(offering, found, route('10.64.2.0/24'), lastResort, connected);
    expect([changes, refused]).toEqual([[], [{ subnet: lan, why: expect.stringContaining(lan) as unknown }]]);
  });

  it.each<[string, string, RouteState[]]>([
    ['lives in a network around it', lan, [route('192.168.0.0/16', { device: 'eth1', protocol: 2 })]],
    ['has its gateway in it', lan, [route('0.0.0.0/0', { device: 'eth1', via: '192.168.50.1', protocol: 4 })]],
    ['finds a peer in it', '192.0.2.0/24', []],
    ['finds a manager in it', '192.168.60.0/24', []],
  ])('are refused, and stay within reach as they were, where the host %s', (_, offer, routes) => {
    const offered = { peers: [{ ...peer, allowedIps: ['10.64.2.0/24', offer] }], routes: [offer] };
    const peers = [seen(known, '10.64.2.0/24', offer)];
    const { kernel: changes, refused } = plan(offered, peers, route('10.64.2.0/24'), lastResort, ...routes);
    expect([changes, refused.map(({ subnet }) => subnet)]).toEqual([[], [offer]]);
  });

  it('are gone from the kernel with the approval', () => {
    const routes = [route('10.64.2.0/24'), lastResort, route(lan), { ...lastResort, destination: lan }];
    const { peers, kernel: changes } = plan({}, found, ...routes);
    expect(peers).toMatchObject([{ publicKey: known }]);
    expect(changes.map((change) => change.kind)).toEqual(['remove-route', 'remove-route']);
  });
});

describe('clients in the plan of the mesh', () => {
  const laptop = systemKeys.generate().publicKey;
  const client: DesiredPeer = { publicKey: laptop, endpoints: [], allowedIps: ['10.80.0.5/32'], keepaliveSec: 0 };
  const withClient = { peers: [peer, client], clientPools: ['10.80.0.0/24'] };
  const onDevice = { ...seen(laptop, '10.80.0.5/32'), keepaliveSec: 0, endpoint: '198.51.100.7:40000' };
  const settledRoutes = [
    ...[route('10.64.2.0/24'), lastResort, route('10.80.0.0/24')],
    { ...lastResort, destination: '10.80.0.0/24' },
  ];

  it('are peers without endpoint, and one route leads to all of their pool, unreachable where the mesh is gone', () => {
    const { peers, kernel: changes } = plan(
      withClient,
      [seen(known, '10.64.2.0/24')],
      route('10.64.2.0/24'),
      lastResort,
    );
    expect(peers).toEqual([
      {
        kind: 'add',
        peer: { publicKey: laptop, endpoint: undefined, allowedIps: ['10.80.0.5/32'], keepaliveSec: 0 },
      },
    ]);
    const pool = '10.80.0.0/24';
    expect(changes).toEqual([
      { kind: 'set-route', route: { destination: pool, kind: 'unreachable', metric: 1_000_000 } },
      { kind: 'set-route', route: { destination: pool, kind: 'unicast', device: 'wgcni-mesh', source: '10.64.1.1' } },
    ]);
  });

  it('are never written an endpoint, wherever they have roamed', () => {
    for (const endpoint of ['198.51.100.7:40000', '[2001:db8::7]:1']) {
      const found = [seen(known, '10.64.2.0/24'), { ...onDevice, endpoint }];
      expect(plan(withClient, found, ...settledRoutes)).toMatchObject({ peers: [], kernel: [] });
    }
  });

  it('go with their departed key, and stay without a cause', () => {
    const found = [seen(known, '10.64.2.0/24'), onDevice];
    const others = { peers: [peer], clientPools: ['10.80.0.0/24'] };
    expect(plan(others, found, ...settledRoutes)).toMatchObject({ peers: [], kernel: [] });
    expect(plan({ ...others, departed: new Set([laptop]) }, found, ...settledRoutes)).toMatchObject({
      peers: [{ kind: 'remove', publicKey: laptop }],
      kernel: [],
    });
  });
});
