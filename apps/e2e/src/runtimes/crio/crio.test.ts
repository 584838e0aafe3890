/**
 * CRI-O drives the plugin on two nodes, as a kubelet would.
 *
 *   test ── gRPC ── CRI-O ── pods ── n1 ── bridge ── n2 ── pods ── CRI-O ── gRPC ── test
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { criCases } from '../cri/cri-cases.ts';
import { CriRig } from '../cri/cri-rig.ts';
import { whyNotRun } from '../find-program.ts';
import { Crio, findCrio, type CrioPrograms } from './crio.ts';

const found = await findCrio();
const whyNot = whyNotRun(found);

describe.skipIf(whyNot !== '')(`CRI-O${whyNot}`, () => {
  let rig: CriRig;
  beforeAll(async () => {
    rig = await CriRig.up((place) => Crio.open(found as CrioPrograms, place));
  });
  afterAll(() => rig.down());

  criCases(() => rig);

  it('finds nothing wrong by the CHECK right after ADD, and by that after its own restart', async () => {
    const { runtime, calls } = rig.at(0);
    const id = await rig.run(0, 'checked');
    expect(await calls.of(id)).toEqual(['ADD', 'CHECK']);
    const pod = await runtime.cri.pod(id);
    await runtime.stop();
    await runtime.start();
    expect(await calls.of(id)).toEqual(['ADD', 'CHECK', 'CHECK']);
    expect(await runtime.cri.pod(id)).toEqual(pod);
    await rig.end(0, id);
    expect(await calls.of(id)).toEqual(['ADD', 'CHECK', 'CHECK', 'DEL']);
    expect(await rig.leftOver(0)).toEqual([]);
  });
});
