/** PURE: whether the uplinks of a machine carry the packets of the mesh. */
import { bad, type Finding, ok } from './finding.ts';
import type { Machine } from './judge-machine.ts';

/** Of the mesh's devices, and who says so. */
export interface MeshMtu {
  bytes: number;
  /** Nobody said it, and no device is there: it is what a network has by itself. */
  isAssumed: boolean;
}

const usual = 1_420;
const meshDevice = 'wgcni-mesh';

/** As the node has it, else as the cluster has it, else as the device has that an earlier run has left. */
export function meshMtu({
  ofNode,
  ofCluster,
  links,
}: {
  ofNode: number | null | undefined;
  ofCluster: number | undefined;
  links: Machine['links'];
}): MeshMtu {
  const said = ofNode ?? ofCluster ?? links.find(({ name }) => name === meshDevice)?.mtu;
  return { bytes: said ?? usual, isAssumed: said === undefined };
}

/** A packet of the mesh is 80 bytes longer outside the tunnel, at most. */
export function judgeMtu({ links, uplinks }: Pick<Machine, 'links' | 'uplinks'>, mesh: MeshMtu): Finding[] {
  const known = links.filter(({ name }) => uplinks.includes(name));
  if (known.length === 0)
    return [
      bad(
        'MTU',
        'attention',
        'no default route: nobody knows by which interface others are reached',
        'give node-manager --underlay',
      ),
    ];
  const needs = mesh.bytes + 80;
  const given = mesh.isAssumed ? ', if its MTU is the usual one' : '';
  return known.map(({ name, mtu }) =>
    mtu >= needs
      ? ok('MTU', `${name} carries ${mtu}, the mesh needs ${needs}${given}`)
      : bad(
          ...(['MTU', mesh.isAssumed ? 'attention' : 'fault'] as const),
          `${name} carries ${mtu}, the mesh needs ${needs}${given}`,
          `wgcni network set --mtu ${mtu - 80}, or raise that of ${name}`,
        ),
  );
}
