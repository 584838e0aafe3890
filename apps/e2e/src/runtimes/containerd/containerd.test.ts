/**
 * containerd's CRI drives the plugin on two nodes, as a kubelet would.
 *
 *   test ── gRPC ── containerd ── pods ── n1 ── bridge ── n2 ── pods ── containerd ── gRPC ── test
 */
import { afterAll, beforeAll, describe } from 'vitest';
import { criCases } from '../cri/cri-cases.ts';
import { CriRig } from '../cri/cri-rig.ts';
import { Containerd, hasContainerd } from './containerd.ts';

const isThere = await hasContainerd();

describe.skipIf(!isThere)(`containerd${isThere ? '' : ' (not run: its packages are not here)'}`, () => {
  let rig: CriRig;
  beforeAll(async () => {
    rig = await CriRig.up((place) => Containerd.open(place));
  });
  afterAll(() => rig.down());

  criCases(() => rig);
});
