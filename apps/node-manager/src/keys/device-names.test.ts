/** A link keeps the first name it was seen under: both names of the mesh device are known, and no container's. */
import { expect, it } from 'vitest';
import { deviceId } from './device-id.ts';
import { meshNames, passingDevices } from './device-names.ts';

const lineOf = (name: string): string =>
  String.raw`4: ${name}    inet 10.64.1.1/32 scope global wgcni-pods\       valid_lft forever`;

it("passes over containers' devices, and over neither of the node's own under the name that it was made under", () => {
  const passing = passingDevices('n1');
  expect(passing.test(lineOf(deviceId('n1', 'mesh', 'c1', 'eth0')))).toBe(true);
  expect(passing.test(`10.64.1.0/24 dev ${deviceId('n1', 'mesh', 'c1', 'eth0')} scope link`)).toBe(true);
  for (const name of ['eth0', 'wgcni-pods', 'wgcni-mesh', deviceId('n1', 'pods'), deviceId('n1', 'mesh')]) {
    expect(passing.test(lineOf(name))).toBe(false);
  }
});

it('knows the mesh device by both of its names', () => {
  expect(meshNames('n1')).toEqual(['wgcni-mesh', deviceId('n1', 'mesh')]);
});
