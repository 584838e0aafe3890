/** What every adapter of the IpRoute port must do; run on memory and on the real kernel. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { routeProtocol, type IpRoute, type KernelChange, type KernelState, type RouteState } from '../port.ts';

export interface IpRouteHarness {
  ipRoute: IpRoute;
  /** A second namespace, with nothing but its loopback. */
  otherNetns: string;
  /** Makes a link, down, as someone else would. */
  addLink(name: string, netns?: string): Promise<void>;
  /** Renames a link of our namespace that is up, as someone else would. */
  renameLink(name: string, to: string): Promise<void>;
  /** Adds a route of someone else's to our namespace. */
  addForeignRoute(destination: string, device: string): Promise<void>;
  removeOtherNetns(): Promise<void>;
  close(): Promise<void>;
}

const up = (name: string): KernelChange => ({ kind: 'set-link', name, isUp: true });
const address = (link: string, text: string): KernelChange => {
  const [bare = '', length] = text.split('/');
  return { kind: 'set-address', link, address: bare, prefixLength: Number(length) };
};
const ours = (state: KernelState): RouteState[] => state.routes.filter((route) => route.protocol === routeProtocol);
const linkOf = (state: KernelState, name: string) => state.links.find((link) => link.name === name);

/** Runs the suite on the adapter that `open` makes for each test. */
export function describeIpRouteContract(name: string, open: () => Promise<IpRouteHarness>): void {
  describe(`IpRoute contract: ${name}`, () => {
    let harness: IpRouteHarness;
    let ipRoute: IpRoute;
    beforeEach(async () => {
      harness = await open();
      ({ ipRoute } = harness);
      await harness.addLink('one');
    });
    afterEach(() => harness.close());

    describeLinks(() => harness);
    describeAddressesAndRoutes(() => harness);
    describeNamespaces(() => harness);
    describeVeths(() => harness);

    it('stops at the first change that the kernel refuses, and names it', async () => {
      const changes: KernelChange[] = [up('one'), up('absent'), { kind: 'set-link', name: 'one', mtu: 1300 }];
      await expect(ipRoute.apply(changes, undefined)).rejects.toMatchObject({
        code: 'kernel.refused',
        message: expect.stringContaining('link set dev absent up') as string,
      });
      const one = linkOf(await ipRoute.observe(undefined), 'one');
      expect(one?.isUp).toBe(true);
      expect(one?.mtu).not.toBe(1300);
    });

    it('yields after changes until the signal aborts', async () => {
      const stop = new AbortController();
      let seen = 0;
      const watching = (async () => {
        for await (const _ of ipRoute.changes(stop.signal)) seen++;
      })();
      // A monitor that was just started rings by itself for a moment.
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      const before = seen;
      await ipRoute.apply([up('one'), address('one', '10.9.0.1/32')], undefined);
      await expect.poll(() => seen, { timeout: 3000 }).toBeGreaterThan(before);
      stop.abort();
      await watching;
      expect(seen).toBeLessThan(before + 5);
    });
  });
}

function describeLinks(harness: () => IpRouteHarness): void {
  it('sets what is named of a link and leaves the rest', async () => {
    const { ipRoute } = harness();
    await ipRoute.apply([{ kind: 'set-link', name: 'one', mtu: 1380, alias: 'ours: one' }], undefined);
    await ipRoute.apply([up('one')], undefined);
    expect(linkOf(await ipRoute.observe(undefined), 'one')).toMatchObject({
      ...{ mtu: 1380, alias: 'ours: one', isUp: true, isLoopback: false },
    });
  });

  it('shows the loopback link as such', async () => {
    expect(linkOf(await harness().ipRoute.observe(undefined), 'lo')).toMatchObject({ isLoopback: true });
  });

  it('renames a link, once or twice', async () => {
    const { ipRoute } = harness();
    const rename: KernelChange = { kind: 'rename-link', name: 'one', to: 'two' };
    await ipRoute.apply([rename], undefined);
    await ipRoute.apply([rename, up('two')], undefined);
    const names = (await ipRoute.observe(undefined)).links.map((link) => link.name);
    expect(names).toContain('two');
    expect(names).not.toContain('one');
  });

  it('calls a link, and what is on it, by the name that someone else gave it since', async () => {
    const { ipRoute, renameLink, addForeignRoute } = harness();
    await ipRoute.apply([up('one'), address('one', '10.9.0.1/32')], undefined);
    await ipRoute.observe(undefined);
    await renameLink('one', 'two');
    await addForeignRoute('10.70.0.0/16', 'two');
    for (const state of [await ipRoute.observe(undefined), await ipRoute.observe(undefined)]) {
      expect(state.routes).toContainEqual(expect.objectContaining({ destination: '10.70.0.0/16', device: 'two' }));
      expect(state.addresses.filter(({ scope }) => scope === 'global')).toMatchObject([{ linkName: 'two' }]);
      expect(linkOf(state, 'one')).toBeUndefined();
    }
  });

  it('removes what is already gone without complaint, and goes on', async () => {
    const { ipRoute } = harness();
    const route = { destination: '10.64.0.0/12', kind: 'unreachable' as const };
    await ipRoute.apply(
      [
        { kind: 'remove-link', name: 'never' },
        { kind: 'remove-address', link: 'one', address: '10.9.0.1', prefixLength: 32 },
        { kind: 'remove-route', route },
        { kind: 'remove-route', route: { ...route, destination: 'fd64::/48' } },
        { kind: 'remove-link', name: 'one' },
        { kind: 'remove-link', name: 'one' },
      ],
      undefined,
    );
    expect(linkOf(await ipRoute.observe(undefined), 'one')).toBeUndefined();
  });
}

function describeAddressesAndRoutes(harness: () => IpRouteHarness): void {
  const addresses = [up('one'), address('one', '10.64.0.1/32'), address('one', 'fd64::1/128')];

  it('sets addresses of both families, twice as well as once, never tentative', async () => {
    const { ipRoute } = harness();
    await ipRoute.apply(addresses, undefined);
    await ipRoute.apply(addresses, undefined);
    const found = (await ipRoute.observe(undefined)).addresses.filter(
      (each) => each.linkName === 'one' && each.scope === 'global',
    );
    expect(
      found.map(({ address, prefixLength, family, isTentative }) => [family, address, prefixLength, isTentative]),
    ).toEqual([
      [4, '10.64.0.1', 32, false],
      [6, 'fd64::1', 128, false],
    ]);
    await ipRoute.apply([{ kind: 'remove-address', link: 'one', address: 'fd64::1', prefixLength: 128 }], undefined);
    expect((await ipRoute.observe(undefined)).addresses.map((each) => each.address)).not.toContain('fd64::1');
  });

  it('sets our routes with source, metric and device, and replaces rather than doubles', async () => {
    const { ipRoute } = harness();
    const route = { destination: '10.64.1.0/24', kind: 'unicast' as const, device: 'one' };
    const six = { destination: 'fd64:0:0:1::/64', kind: 'unicast' as const, device: 'one', source: 'fd64::1' };
    await ipRoute.apply([...addresses, { kind: 'set-route', route }, { kind: 'set-route', route: six }], undefined);
    await ipRoute.apply(
      [
        { kind: 'set-route', route: { ...route, source: '10.64.0.1' } },
        { kind: 'set-route', route: six },
      ],
      undefined,
    );
    expect(ours(await ipRoute.observe(undefined)).sort((a, b) => a.family - b.family)).toEqual([
      { ...route, family: 4, source: '10.64.0.1', metric: 0, protocol: routeProtocol, table: 254 },
      { ...six, family: 6, metric: 1024, protocol: routeProtocol, table: 254 },
    ]);
  });

  it('sets default and unreachable routes of both families, and removes exactly the one named', async () => {
    const { ipRoute } = harness();
    const unreachable = (destination: string) => ({ destination, kind: 'unreachable' as const, metric: 4096 });
    const standard = (destination: string) => ({ destination, kind: 'unicast' as const, device: 'one' });
    const routes = [
      ...['10.64.0.0/12', 'fd64::/48', '0.0.0.0/0', '::/0'].map(unreachable),
      ...['0.0.0.0/0', '::/0', '10.64.0.0/12', 'fd64::/48'].map(standard),
    ];
    const set = routes.map((route): KernelChange => ({ kind: 'set-route', route }));
    await ipRoute.apply([...addresses, ...set], undefined);
    const text = (state: KernelState) =>
      ours(state)
        .map((each) => `${each.kind} ${each.destination}`)
        .sort();
    expect(text(await ipRoute.observe(undefined))).toEqual(
      routes.map((each) => `${each.kind} ${each.destination}`).sort(),
    );

    const removed = routes.filter((_, index) => index >= 4);
    await ipRoute.apply(
      removed.map((route): KernelChange => ({ kind: 'remove-route', route })),
      undefined,
    );
    await ipRoute.apply(
      removed.map((route): KernelChange => ({ kind: 'remove-route', route })),
      undefined,
    );
    expect(text(await ipRoute.observe(undefined))).toEqual(
      routes
        .slice(0, 4)
        .map((each) => `${each.kind} ${each.destination}`)
        .sort(),
    );
  });

  it("never removes someone else's route to the same destination", async () => {
    const { ipRoute, addForeignRoute } = harness();
    await ipRoute.apply(addresses, undefined);
    await addForeignRoute('10.64.7.0/24', 'one');
    const route = { destination: '10.64.7.0/24', kind: 'unicast' as const, device: 'one' };
    await ipRoute.apply([{ kind: 'remove-route', route }], undefined);
    expect((await ipRoute.observe(undefined)).routes.map((each) => each.destination)).toContain('10.64.7.0/24');
  });

  it('forgets the routes of a link that goes', async () => {
    const { ipRoute } = harness();
    const route = { destination: '10.64.1.0/24', kind: 'unicast' as const, device: 'one' };
    await ipRoute.apply([...addresses, { kind: 'set-route', route }, { kind: 'remove-link', name: 'one' }], undefined);
    expect(ours(await ipRoute.observe(undefined))).toEqual([]);
  });

  it('refuses a route over a link that is down', async () => {
    const { ipRoute } = harness();
    const route = { destination: '10.64.1.0/24', kind: 'unicast' as const, device: 'one' };
    await expect(ipRoute.apply([{ kind: 'set-route', route }], undefined)).rejects.toMatchObject({
      code: 'kernel.refused',
    });
  });
}

function describeVeths(harness: () => IpRouteHarness): void {
  const ends = { name: 'near', mac: '02:00:00:00:00:01', mtu: 1380 };
  const pair = (netns: string): KernelChange => {
    return { kind: 'add-veth', ...ends, peer: { name: 'eth0', mac: '02:00:00:00:00:02', netns } };
  };

  it('makes two joined links, one of them in another namespace, once or twice', async () => {
    const { ipRoute, otherNetns } = harness();
    await ipRoute.apply([pair(otherNetns)], undefined);
    await ipRoute.apply([pair(otherNetns)], undefined);
    const same = { kind: 'veth', mtu: 1380, isUp: false };
    expect(linkOf(await ipRoute.observe(undefined), 'near')).toMatchObject({ ...same, mac: '02:00:00:00:00:01' });
    expect(linkOf(await ipRoute.observe(otherNetns), 'eth0')).toMatchObject({ ...same, mac: '02:00:00:00:00:02' });
  });

  it('gives one of them routes and a neighbour, and both an end when one is removed', async () => {
    const { ipRoute, otherNetns } = harness();
    const route = { destination: '10.64.0.9/32', kind: 'unicast' as const, device: 'near' };
    for (const _ of ['first', 'again']) {
      await ipRoute.apply([pair(otherNetns)], undefined);
      const neighbour = { link: 'near', address: '10.64.0.9', mac: '02:00:00:00:00:02' };
      await ipRoute.apply(
        [up('near'), { kind: 'set-neighbour', ...neighbour }, { kind: 'set-route', route }],
        undefined,
      );
      expect(ours(await ipRoute.observe(undefined))).toMatchObject([route]);
      await ipRoute.apply([{ kind: 'remove-link', name: 'near' }], undefined);
      expect(linkOf(await ipRoute.observe(otherNetns), 'eth0')).toBeUndefined();
    }
  });

  it('keeps no namespace alive that it made one in', async () => {
    const { ipRoute, otherNetns, removeOtherNetns } = harness();
    await ipRoute.apply([pair(otherNetns), up('near')], undefined);
    await removeOtherNetns();
    await expect.poll(async () => linkOf(await ipRoute.observe(undefined), 'near'), { timeout: 3_000 }).toBeUndefined();
  });

  it('refuses one whose name is taken on the other side, and leaves nothing of it here', async () => {
    const { ipRoute, otherNetns, addLink } = harness();
    await addLink('eth0', otherNetns);
    await expect(ipRoute.apply([pair(otherNetns)], undefined)).rejects.toMatchObject({ code: 'kernel.refused' });
    expect(linkOf(await ipRoute.observe(undefined), 'near')).toBeUndefined();
  });
}

function describeNamespaces(harness: () => IpRouteHarness): void {
  it('works in another namespace without touching ours', async () => {
    const { ipRoute, addLink, otherNetns } = harness();
    await addLink('eth0', otherNetns);
    await ipRoute.apply([up('eth0'), address('eth0', '10.64.0.9/32')], otherNetns);
    expect((await ipRoute.observe(otherNetns)).addresses.map((each) => each.address)).toContain('10.64.0.9');
    expect(linkOf(await ipRoute.observe(undefined), 'eth0')).toBeUndefined();
  });

  it('moves a link into another namespace under a new name', async () => {
    const { ipRoute, otherNetns } = harness();
    await ipRoute.moveLink('one', otherNetns, 'eth0');
    expect(linkOf(await ipRoute.observe(undefined), 'one')).toBeUndefined();
    expect(linkOf(await ipRoute.observe(otherNetns), 'eth0')).toBeDefined();
  });

  it('refuses to move a link over one that is there', async () => {
    const { ipRoute, addLink, otherNetns } = harness();
    await addLink('eth0', otherNetns);
    await expect(ipRoute.moveLink('one', otherNetns, 'eth0')).rejects.toMatchObject({ code: 'kernel.refused' });
    expect(linkOf(await ipRoute.observe(undefined), 'one')).toBeDefined();
  });

  it('gives a namespace the same identity each time', async () => {
    const { ipRoute, otherNetns } = harness();
    expect(await ipRoute.identify(otherNetns)).toBe(await ipRoute.identify(otherNetns));
  });

  it.each(['/var/run/netns/wgcni-never-there', '/etc/hostname', 'relative'])(
    'says that %s is no namespace',
    async (path) => {
      const { ipRoute } = harness();
      const failure = { code: 'netns.unusable', message: expect.stringContaining(path) as string };
      await expect(ipRoute.identify(path)).rejects.toMatchObject(failure);
      await expect(ipRoute.observe(path)).rejects.toMatchObject(failure);
      await expect(ipRoute.apply([up('lo')], path)).rejects.toMatchObject(failure);
    },
  );

  it('says so when a namespace has gone', async () => {
    const { ipRoute, otherNetns, removeOtherNetns } = harness();
    await removeOtherNetns();
    await expect(ipRoute.observe(otherNetns)).rejects.toMatchObject({ code: 'netns.unusable' });
  });
}
