/** Names and MACs of veths: of the key alone, and such as the kernel takes. */
import { expect, it } from 'vitest';
import { isNodeEnd, macsOf, nodeEndOf } from './veth-names.ts';

const key = { network: 'mesh', containerId: 'c1', ifName: 'eth0' };

it("names the node's end after node id and key, in at most the 15 characters of a link", () => {
  const names = [
    nodeEndOf('n1', key),
    nodeEndOf('n2', key),
    nodeEndOf('n1', { ...key, ifName: 'net1' }),
    nodeEndOf('n1', { ...key, containerId: 'c1/', network: 'mes' }),
  ];
  expect(new Set(names).size).toBe(4);
  for (const name of names) {
    expect(name).toMatch(/^wgcni-v[0-9a-z]{8}$/);
    expect(isNodeEnd(name)).toBe(true);
  }
  expect(nodeEndOf('n1', key)).toBe(names[0]);
});

it("knows neither of the node's own devices, nor any other, for a node's end", () => {
  for (const name of ['wgcni-pods', 'wgcni-mesh', 'wgcni-v', 'veth0a1b2c3d', 'wgcni-v0a1b2c3d4'])
    expect(isNodeEnd(name)).toBe(false);
});

it('gives each end a MAC of one station that nobody was sold', () => {
  const { node, container } = macsOf('wgcni-v0a1b2c3d');
  expect(node).not.toBe(container);
  for (const mac of [node, container]) {
    expect(mac).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
    expect(Number.parseInt(mac.slice(0, 2), 16) & 3).toBe(2);
  }
});
