/** The loop on a client's machine: its interface becomes what the register says, and stays so while the managers are away. */
import { CatalogueError, Secret, silentLog, type Log } from '@wgcni/base';
import { MemoryKernel, routeProtocol } from '@wgcni/iproute';
import { ManualClock, settled } from '@wgcni/testing';
import { type ObservedPeer, parsePublicKey, systemKeys } from '@wgcni/wg';
import { beforeEach, describe, expect, it } from 'vitest';
import type { SyncDevice } from './device.ts';
import { ClientSync } from './sync-client.ts';

const key = systemKeys.generate();
const newKey = (): string => systemKeys.generate().publicKey;
const [n1, n2, n3] = [newKey(), newKey(), newKey()];
const peer = (publicKey: string, index: number, more = ''): string =>
  [
    ...['', `# n${index}`, '[Peer]', `PublicKey = ${publicKey}`, `Endpoint = 192.0.2.${index}:51820`],
    ...[`AllowedIPs = 10.64.${index}.0/24, fd64:0:0:${index}::/64${more}`, 'PersistentKeepalive = 25', ''],
  ].join('\n');
const configWith = (...peers: string[]): string =>
  [
    '# laptop\n[Interface]\n# PrivateKey = <known to the client alone>\nAddress = 10.66.0.5/32, fd66::5/128\nMTU = 1380\n',
    ...peers,
  ].join('');

/** A device in memory that reads the file as `wg syncconf` does: what it leaves out is cleared. */
class MemoryDevice implements SyncDevice {
  readonly given: string[] = [];
  listenPort = 45_678;
  fwmark = 'off';
  #publicKey = parsePublicKey(systemKeys.generate().publicKey);
  peers: ObservedPeer[] = [];
  isThere = true;

  async read() {
    if (!this.isThere) throw new CatalogueError('config.invalid', 'laptop is no interface of WireGuard');
    const { listenPort, fwmark, peers } = this;
    return { publicKey: this.#publicKey, listenPort, fwmark, peers };
  }

  async replace(config: Secret) {
    const text = config.reveal();
    this.given.push(text);
    const value = (block: string, name: string): string => new RegExp(`^${name} = (.*)$`, 'm').exec(block)?.[1] ?? '';
    const [head = '', ...blocks] = text.split('[Peer]');
    const before = new Map<string, string | undefined>(this.peers.map((each) => [each.publicKey, each.endpoint]));
    this.#publicKey = systemKeys.publicKeyOf(new Secret(value(head, 'PrivateKey')));
    this.listenPort = Number(value(head, 'ListenPort'));
    this.fwmark = value(head, 'FwMark') || 'off';
    this.peers = blocks.map((block) => ({
      publicKey: parsePublicKey(value(block, 'PublicKey')),
      endpoint: value(block, 'Endpoint') || before.get(value(block, 'PublicKey')),
      allowedIps: value(block, 'AllowedIPs').split(', ').sort(),
      keepaliveSec: Number(value(block, 'PersistentKeepalive')),
      ...{ latestHandshakeAt: 0, receivedBytes: 0, sentBytes: 0 },
    }));
  }
}

describe('the sync of a client', () => {
  let kernel: MemoryKernel;
  let device: MemoryDevice;
  let served: string | Error;
  let asked: (string | undefined)[];
  let told: string[];
  let clock: ManualClock;
  let sync: ClientSync;
  const stop = new AbortController();
  beforeEach(() => {
    [kernel, device, clock] = [new MemoryKernel(), new MemoryDevice(), new ManualClock()];
    [served, asked, told] = [configWith(peer(n1, 1), peer(n2, 2)), [], []];
    kernel.addLink(undefined, { name: 'laptop', kind: 'wireguard', mtu: 1_420 });
    const note = (_: object, event: string): void => void told.push(event);
    const log: Log = { ...silentLog, info: note, warn: note };
    const fetch = async (known: string | undefined) => {
      asked.push(known);
      if (served instanceof Error) throw served;
      return known === served ? undefined : { text: served, etag: served };
    };
    sync = new ClientSync(
      { fetch, device, ip: kernel, key, clock, log },
      { interfaceName: 'laptop', intervalMs: 10_000, keepMissingMs: 300_000 },
    );
  });

  const look = (): Promise<void> => sync.look(stop.signal);
  const routes = async (): Promise<string[]> =>
    (await kernel.observe(undefined)).routes
      .filter(({ device: name, protocol }) => name === 'laptop' && protocol === routeProtocol)
      .map(({ destination }) => destination)
      .sort();
  const addresses = async (): Promise<string[]> =>
    (await kernel.observe(undefined)).addresses
      .filter(({ linkName }) => linkName === 'laptop')
      .map(({ address, prefixLength }) => `${address}/${prefixLength}`)
      .sort();

  it('gives an empty interface its key, peers, addresses, MTU and routes, in one batch', async () => {
    await look();
    expect(device.given).toEqual([
      [
        ...['[Interface]', `PrivateKey = ${key.privateKey.reveal()}`, 'ListenPort = 45678'],
        ...[peer(n1, 1), peer(n2, 2)].flatMap((text) =>
          text
            .trimEnd()
            .replace(/^# .*\n/m, '')
            .split('\n'),
        ),
        '',
      ].join('\n'),
    ]);
    expect(await routes()).toEqual(['10.64.1.0/24', '10.64.2.0/24', 'fd64:0:0:1::/64', 'fd64:0:0:2::/64']);
    expect(await addresses()).toEqual(['10.66.0.5/32', 'fd66::5/128']);
    const { links } = await kernel.observe(undefined);
    expect(links.find(({ name }) => name === 'laptop')).toMatchObject({ mtu: 1_380, isUp: true });
    expect(told).toEqual(['sync.applied']);
  });

  it('asks with the tag, and does nothing while nothing has changed', async () => {
    await look();
    const { length } = kernel.applied;
    await look();
    await look();
    expect(asked).toEqual([undefined, served, served]);
    expect([device.given.length, kernel.applied.length, told]).toEqual([1, length, ['sync.applied']]);
  });

  it('lets a node go that is missing still after five minutes, with its routes', async () => {
    await look();
    served = configWith(peer(n1, 1));
    await look();
    await clock.advance(299_999);
    await look();
    expect([device.peers.length, await routes()]).toMatchObject([2, { length: 4 }]);
    await clock.advance(1);
    await look();
    expect(device.peers.map(({ publicKey }) => publicKey)).toEqual([n1]);
    expect(await routes()).toEqual(['10.64.1.0/24', 'fd64:0:0:1::/64']);
  });

  it('keeps a node whose record was lost for a moment: nothing is written, and it is told once', async () => {
    await look();
    const before = served;
    for (const text of [configWith(peer(n1, 1)), configWith(peer(n1, 1)), before]) {
      served = text;
      await look();
      await clock.advance(200_000);
    }
    served = configWith(peer(n1, 1));
    await look();
    expect([device.given.length, device.peers.length]).toEqual([1, 2]);
    expect(told).toEqual(['sync.applied', 'sync.peers-kept', 'sync.peers-kept', 'sync.peers-kept']);
  });

  it('lets nobody go while the managers are away, however long', async () => {
    await look();
    served = configWith(peer(n1, 1));
    await look();
    served = new CatalogueError('leader.absent', 'the cluster-manager did not answer');
    await clock.advance(3_600_000);
    await look();
    expect(device.peers).toHaveLength(2);
  });

  it('counts no time in which nobody answered: who vanished before has five minutes from then on', async () => {
    await look();
    const before = (served = configWith(peer(n1, 1)));
    await look();
    served = new CatalogueError('leader.absent', 'the cluster-manager did not answer');
    await clock.advance(3_600_000);
    await look();
    served = before;
    await look();
    await clock.advance(299_999);
    await look();
    expect(device.peers).toHaveLength(2);
    await clock.advance(1);
    await look();
    expect(device.peers.map(({ publicKey }) => publicKey)).toEqual([n1]);
  });

  it('lets a node go at once whose blocks are all somebody else’s', async () => {
    await look();
    served = configWith(peer(n1, 2));
    await look();
    expect(device.peers.map(({ publicKey }) => publicKey)).toEqual([n1]);
  });

  it('leaves peers where WireGuard heard them last, when another one changes', async () => {
    await look();
    device.peers = device.peers.map((each) => ({ ...each, endpoint: '198.51.100.7:4000' }));
    served = configWith(peer(n1, 1), peer(n2, 2, ', 10.64.9.0/24'));
    await look();
    expect(device.peers.map(({ endpoint }) => endpoint)).toEqual(['198.51.100.7:4000', '198.51.100.7:4000']);
    served = configWith(peer(n1, 1).replace('192.0.2.1', '192.0.2.9'), peer(n2, 2, ', 10.64.9.0/24'));
    await look();
    expect(device.peers.map(({ endpoint }) => endpoint)).toEqual(['192.0.2.9:51820', '198.51.100.7:4000']);
  });

  it('after a start sends only those to their published place who are elsewhere', async () => {
    await look();
    const again = (): ClientSync =>
      new ClientSync(
        { fetch: async () => ({ text: String(served), etag: '' }), device, ip: kernel, key, clock, log: silentLog },
        { interfaceName: 'laptop', intervalMs: 10_000, keepMissingMs: 300_000 },
      );
    await again().look(stop.signal);
    expect(device.given).toHaveLength(1);
    const [first, ...others] = device.peers;
    if (first !== undefined) device.peers = [{ ...first, endpoint: '198.51.100.7:4000' }, ...others];
    await again().look(stop.signal);
    expect(device.given[1]?.match(/^Endpoint = .*$/gm)).toEqual(['Endpoint = 192.0.2.1:51820']);
  });

  it('takes no route from the machine, and tells once', async () => {
    const lan = { family: 4, destination: '10.64.2.0/24', kind: 'unicast', device: 'lo', metric: 100 } as const;
    await look();
    kernel.addForeignRoute(undefined, { ...lan, protocol: 2, table: 254 });
    await look();
    await look();
    expect(await routes()).toEqual(['10.64.1.0/24', 'fd64:0:0:1::/64', 'fd64:0:0:2::/64']);
    expect(told).toEqual(['sync.applied', 'sync.routes-skipped', 'sync.applied']);
  });

  it.each([
    ['inside another one’s block', '10.64.1.9:4000'],
    ['inside its own', '10.64.2.9:4000'],
    ['on a link', '[fe80::9%eth0]:4000'],
  ])('keeps its routes when a peer is heard from %s: whoever is on the way can say so', async (_, endpoint) => {
    await look();
    const before = await routes();
    device.peers = device.peers.map((each) => (each.publicKey === n2 ? { ...each, endpoint } : each));
    served = configWith(peer(n1, 1), peer(n2, 2), peer(n3, 3));
    await look();
    expect(device.peers.find(({ publicKey }) => publicKey === n2)).toMatchObject({ endpoint });
    expect(await routes()).toEqual(expect.arrayContaining(before));
    expect(await routes()).toHaveLength(6);
    expect(told).toEqual(['sync.applied', 'sync.applied']);
  });

  it('keeps the port and the mark of the interface', async () => {
    device.fwmark = '0xca6c';
    await look();
    served = configWith(peer(n1, 3));
    await look();
    expect(device.given).toHaveLength(2);
    expect([device.listenPort, device.fwmark]).toEqual([45_678, '0xca6c']);
  });

  it('puts back what somebody took away, also while the managers are away', async () => {
    await look();
    served = new CatalogueError('leader.absent', 'the cluster-manager did not answer');
    device.peers = device.peers.slice(1);
    await kernel.apply([{ kind: 'set-address', link: 'laptop', address: '10.66.0.9', prefixLength: 32 }], undefined);
    await kernel.apply(
      [{ kind: 'remove-route', route: { destination: '10.64.1.0/24', kind: 'unicast', device: 'laptop' } }],
      undefined,
    );
    await look();
    expect(device.peers).toHaveLength(2);
    expect(await routes()).toHaveLength(4);
    expect(await addresses()).toEqual(['10.66.0.5/32', 'fd66::5/128']);
  });

  it('tells once that the managers are away, and once that they are back', async () => {
    await look();
    const before = served;
    served = new CatalogueError('leader.absent', 'the cluster-manager did not answer');
    for (let looks = 0; looks < 3; looks += 1) await look();
    served = before;
    for (let looks = 0; looks < 3; looks += 1) await look();
    expect(told).toEqual(['sync.applied', 'sync.troubled', 'sync.well-again']);
  });

  it('waits for an interface that is not there yet', async () => {
    device.isThere = false;
    await look();
    device.isThere = true;
    await look();
    expect([told, device.peers.length]).toEqual([['sync.troubled', 'sync.applied', 'sync.well-again'], 2]);
  });

  it('leaves default routes to wg-quick', async () => {
    served = configWith(peer(n1, 1, ', 0.0.0.0/0, ::/0'));
    await look();
    expect(await routes()).toEqual(['10.64.1.0/24', 'fd64:0:0:1::/64']);
    expect(device.peers[0]?.allowedIps).toContain('0.0.0.0/0');
  });

  it.each([
    ['a word of wg-quick', configWith(peer(n1, 1)).replace('MTU = 1380', 'MTU = 1380\nPostUp = reboot')],
    ['a line within a peer', configWith(`${peer(n1, 1)}PrivateKey = x\n`)],
  ])('passes %s over', async (_, text) => {
    served = text;
    await look();
    expect(device.given.join()).not.toMatch(/PostUp|PrivateKey = x/);
    expect(device.peers).toHaveLength(1);
  });

  it('takes nothing from a text that it cannot read', async () => {
    await look();
    served = '# laptop\n[Interface]\nAddress = nowhere\n';
    await look();
    expect([device.given.length, await routes()]).toMatchObject([1, { length: 4 }]);
    expect(told).toEqual(['sync.applied', 'sync.troubled']);
  });

  it('looks once in an interval, and ends when it is told', async () => {
    const end = new AbortController();
    const running = sync.run(end.signal);
    await settled();
    expect(asked).toHaveLength(1);
    await clock.advance(9_999);
    await settled();
    expect(asked).toHaveLength(1);
    await clock.advance(1);
    await settled();
    expect(asked).toHaveLength(2);
    end.abort();
    await running;
    expect(asked).toHaveLength(2);
    expect(await routes()).toHaveLength(4);
  });
});
