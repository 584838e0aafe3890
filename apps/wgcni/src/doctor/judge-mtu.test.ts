/** What the mesh needs is asked of whoever knows it, and what nobody knows is no fault. */
import { describe, expect, it } from 'vitest';
import { judgeMtu, meshMtu } from './judge-mtu.ts';

const links = [
  { name: 'lo', mtu: 65_536, isUp: true },
  { name: 'eth0', mtu: 1_500, isUp: true },
];
const device = { name: 'wgcni-mesh', mtu: 1_380, isUp: true };

describe('the MTU of the mesh', () => {
  it.each([
    ['the node', { ofNode: 1_400, ofCluster: 1_410, links: [device] }, { bytes: 1_400, isAssumed: false }],
    ['the cluster', { ofNode: null, ofCluster: 1_410, links: [device] }, { bytes: 1_410, isAssumed: false }],
    ['its device', { ofNode: undefined, ofCluster: undefined, links: [device] }, { bytes: 1_380, isAssumed: false }],
    ['nobody', { ofNode: undefined, ofCluster: undefined, links }, { bytes: 1_420, isAssumed: true }],
  ])('is told by %s', (_, known, mtu) => {
    expect(meshMtu(known)).toEqual(mtu);
  });
});

describe('an uplink of 1500', () => {
  it.each([
    [1_420, false, 'ok'],
    [1_421, false, 'fault'],
    [1_420, true, 'ok'],
    [1_421, true, 'attention'],
  ])('for a network of %d, assumed: %s: %s', (bytes, isAssumed, state) => {
    const [found] = judgeMtu({ links, uplinks: ['eth0'] }, { bytes, isAssumed });
    expect(found?.state).toBe(state);
    expect(found?.said.includes('usual')).toBe(isAssumed);
  });

  it('is not known without a default route', () => {
    const mesh = { bytes: 1_420, isAssumed: false };
    expect(judgeMtu({ links, uplinks: [] }, mesh)).toMatchObject([{ state: 'attention' }]);
  });
});
