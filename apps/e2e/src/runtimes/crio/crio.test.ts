/**
 * CRI-O drives the plugin on two nodes, as a kubelet would.
 *
 *   test ── gRPC ── CRI-O ── pods ── n1 ── bridge ── n2 ── pods ── CRI-O ── gRPC ── test
 */
import { readFile, writeFile } from 'node:fs/promises';
import { addContainerNetns, callPlugin, ping, planContainer, until } from '@wgcni/testing';
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

  it('removes by the GC at its start what it does not know, and nothing that it knows', async () => {
    const { node, installed, runtime, calls } = rig.at(0);
    const shipped = await readFile(installed.conflist, 'utf8');
    const list = JSON.parse(shipped) as { plugins: object[] };
    const known = await rig.run(0, 'known');
    const unknown = planContainer(rig.lab.plan.name, 1, 1);
    await addContainerNetns(unknown);
    const call = { command: 'ADD', node, container: unknown, config: { name: 'wgcni' } } as const;
    expect(await callPlugin(rig.lab.programs.plugin, call)).toMatchObject({ exitCode: 0 });
    await runtime.stop();
    // Without gcForce it would be kept: its namespace is there.
    const forced = list.plugins.map((plugin) => ({ ...plugin, gcForce: true }));
    await writeFile(installed.conflist, JSON.stringify({ ...list, plugins: forced }));
    await runtime.start();
    await until(10_000, 'the GC to be done', async () => {
      const ids = [...(await rig.attached(0)).keys()];
      return ids.includes(unknown.id) ? new Error(ids.join(', ')) : true;
    });
    expect(await calls.verbs()).toContain('GC');
    const { addresses, netnsPath } = await runtime.cri.pod(known);
    expect((await rig.attached(0)).get(known)).toEqual(addresses);
    expect(await ping(netnsPath, rig.at(1).node.underlay.v4)).toBeDefined();
    await writeFile(installed.conflist, shipped);
    await rig.end(0, known);
    expect(await rig.leftOver(0)).toEqual([]);
  });
});
