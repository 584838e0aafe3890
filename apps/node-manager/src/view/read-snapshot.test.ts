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
