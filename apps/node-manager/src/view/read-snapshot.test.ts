/** What the store holds, as the view takes it: read once, and never dropped because it cannot be read. */
import { keysOf, type StoredKey } from '@wgcni/store';
import { describe, expect, it } from 'vitest';
import { type EntryMemory, readSnapshot } from './read-snapshot.ts';

const keys = keysOf('c');
const publicKey = Buffer.alloc(32, 1).toString('base64');
const item = (key: string, record: unknown, modRevision = 5): StoredKey => {
  const value = typeof record === 'string' ? record : JSON.stringify(record);
  return { key, value, createRevision: 1, modRevision, lease: '0' };
};
const node = (nodeId: string, more: object = {}): StoredKey =>
  item(keys.node(nodeId), {
    ...{ schema: 1, nodeId, publicKey, endpoints: ['192.0.2.1:51820'], draining: false },
    ...{ subnets: [{ cidr: '10.64.1.0/24', grantId: 'a'.repeat(32) }], ...more },
  });

const network = item(keys.network, {
  ...{ schema: 1, networkId: 'a'.repeat(32), pools: [], mtu: 1_420, keepaliveSec: 25, registrationTtlSec: 30 },
  ...{ holdDownSec: 60, clientPools: ['10.80.0.0/24', 'fd80::/64'] },
});
const client = (name: string, more: object = {}): StoredKey =>
  item(keys.client(name), {
    ...{ schema: 1, name, publicKey, addresses: ['10.80.0.5', 'fd80::5'], via: null, reachable: true },
    ...{ allowedIps: null, expires: false, ...more },
  });

describe('a snapshot of the store', () => {
  it('shows nodes, and who drains', () => {
    const { nodes, draining, quarantined } = readSnapshot([node('n1'), node('n2', { draining: true })], 9, keys);
    expect(nodes.map(({ nodeId, modRevision }) => [nodeId, modRevision])).toEqual([
      ['n1', 5],
      ['n2', 5],
    ]);
    expect([draining, quarantined]).toEqual([['n2'], []]);
  });

  it.each([
    ['is no JSON', item(keys.node('n1'), '{')],
    ['names another node', item(keys.node('n1'), node('n2').value)],
    ['has a key that is none', node('n1', { publicKey: 'x' })],
    ['has a subnet that is none', node('n1', { subnets: [{ cidr: '10.64.1.0', grantId: 'a'.repeat(32) }] })],
  ])('quarantines a record that %s, under the name of its key', (_, record) => {
    const { nodes, quarantined, quarantinedNodes } = readSnapshot([record], 9, keys);
    expect([nodes, quarantined, quarantinedNodes]).toEqual([[], [keys.node('n1')], ['n1']]);
  });

  it('decodes an item once, and what replaced it anew', () => {
    const memory: EntryMemory = new WeakMap();
    const [one, two] = [node('n1'), node('n2')];
    const first = readSnapshot([one, two], 9, keys, memory);
    const second = readSnapshot([one, node('n2', { draining: true })], 10, keys, memory);
    expect(second.nodes[0]).toBe(first.nodes[0]);
    expect([first.draining, second.draining]).toEqual([[], ['n2']]);
    expect(second.revision).toBe(10);
  });
});

describe('clients in a snapshot', () => {
  it('are shown with what a node works by', () => {
    const { clients, quarantined } = readSnapshot([client('laptop'), network], 9, keys);
    expect(clients).toEqual([
      {
        ...{ name: 'laptop', publicKey, addresses: ['10.80.0.5', 'fd80::5'] },
        ...{ via: null, reachable: true, modRevision: 5 },
      },
    ]);
    expect(quarantined).toEqual([]);
  });

  it.each([
    ['are no JSON', item(keys.client('laptop'), '{')],
    ['name another', item(keys.client('laptop'), client('phone').value)],
    ['have a key that is none', client('laptop', { publicKey: 'x' })],
    ['have a prefix length', client('laptop', { addresses: ['10.80.0.5/32'] })],
    ['have an address in another text than its own', client('laptop', { addresses: ['fd80:0::5'] })],
    ['have no address', client('laptop', { addresses: [] })],
    ['have an address of no client pool', client('laptop', { addresses: ['10.80.0.5', 'fd81::5'] })],
  ])('are quarantined when they %s', (_, record) => {
    const { clients, quarantined, quarantinedClients } = readSnapshot([network, record], 9, keys);
    expect([clients, quarantined, quarantinedClients]).toEqual([[], [keys.client('laptop')], ['laptop']]);
  });

  it('are quarantined while no client pools are known', () => {
    expect(readSnapshot([client('laptop')], 9, keys).quarantinedClients).toEqual(['laptop']);
  });

  it('leave tombstones of their keys', () => {
    const gone = { schema: 1, kind: 'client', id: publicKey, why: 'expired', nodeId: 'client/laptop', publicKey };
    const buried = item(keys.goneEntry('client', publicKey), {
      ...gone,
      subnets: [],
      addresses: ['10.80.0.5'],
      at: '',
    });
    expect(readSnapshot([buried], 9, keys).gone).toMatchObject([
      { kind: 'client', why: 'expired', nodeId: 'client/laptop', publicKey, modRevision: 5 },
    ]);
  });
});
