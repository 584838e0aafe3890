/** What every runtime with a CRI must do with the plugin: run on containerd and on CRI-O. */
import { rm } from 'node:fs/promises';
import { ping, PingMonitor, until } from '@wgcni/testing';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { distinct } from '../../conformance/expect.ts';
import { inParallel } from '../../conformance/in-parallel.ts';
import type { CriRig } from './cri-rig.ts';

const many = 32;

/** Declares the cases; `rig` is asked for inside each. */
export function criCases(rig: () => CriRig): void {
  it('runs pods on two nodes that reach each other, and stops one twice and removes it without a trace', async () => {
    const ids = [await rig().run(0, 'a'), await rig().run(1, 'b')];
    const [a, b] = await Promise.all(ids.map((id, index) => rig().at(index).runtime.cri.pod(id)));
    if (a === undefined || b === undefined) throw new Error('no pods');
    expect(a.addresses).toHaveLength(2);
    expect((await rig().attached(0)).get(a.id)).toEqual(a.addresses);
    for (const address of b.addresses) expect(await ping(a.netnsPath, address), address).toBeDefined();
    for (const address of a.addresses) expect(await ping(b.netnsPath, address), address).toBeDefined();
    for (const [index, id] of ids.entries()) {
      const { cri } = rig().at(index).runtime;
      await cri.stop(id);
      await cri.stop(id);
      await cri.remove(id);
      expect(await rig().leftOver(index)).toEqual([]);
    }
  });

  it(`runs ${many} pods at once with distinct addresses`, async () => {
    const { cri } = rig().at(0).runtime;
    const names = Array.from({ length: many }, (_, index) => `many-${index}`);
    const ids = await inParallel(many, names, (name) => rig().run(0, name));
    const pods = await inParallel(8, ids, (id) => cri.pod(id));
    distinct(
      'address',
      pods.flatMap(({ addresses }) => addresses),
    );
    expect(new Set((await rig().attached(0)).keys())).toEqual(new Set(ids));
    await inParallel(many, ids, (id) => rig().end(0, id));
    expect(await rig().leftOver(0)).toEqual([]);
  });

  it('interrupts no packet when the runtime is restarted', async () => {
    const [a, b] = [await rig().run(0, 'stays'), await rig().run(1, 'far')];
    const { runtime } = rig().at(0);
    const [stays, far] = [await runtime.cri.pod(a), await rig().at(1).runtime.cri.pod(b)];
    const monitor = new PingMonitor(far.netnsPath, stays.addresses[0] ?? '');
    await monitor.underWay();
    await runtime.stop();
    await runtime.start();
    const { sent, lost } = await monitor.stop();
    expect(sent).toBeGreaterThan(20);
    expect(lost).toEqual([]);
    expect(await runtime.cri.pod(a)).toEqual(stays);
    for (const [index, id] of [a, b].entries()) {
      await rig().end(index, id);
      expect(await rig().leftOver(index)).toEqual([]);
    }
  });

  it('leaves nothing when the runtime is killed in the middle of an ADD, and runs the pod afterwards', async () => {
    const { runtime, calls } = rig().at(0);
    const before = await runtime.namespaces();
    // The ADD waits for its answer while the node-manager stands still.
    rig().daemon(0).kill('SIGSTOP');
    const killed = rig()
      .run(0, 'killed')
      .catch((error: unknown) => error);
    const made = await until(10_000, 'the namespace of the pod', async () => {
      return (await runtime.namespaces()).find((path) => !before.includes(path)) ?? new Error('none yet');
    });
    await until(10_000, 'the plugin at work', async () => (await calls.running()).length > 0 || new Error('not yet'));
    await runtime.kill();
    rig().daemon(0).kill('SIGCONT');
    expect(await killed).toBeInstanceOf(Error);
    await runtime.start();
    for (const id of await runtime.cri.list()) await rig().end(0, id);
    // The plugin whose runtime is gone takes its own ADD back.
    await until(10_000, 'nothing to be left', async () => {
      const left = await rig().leftOver(0);
      return left.length === 0 ? true : new Error(left.join('; '));
    });
    await unpin(made);
    const id = await rig().run(0, 'killed');
    expect((await runtime.cri.pod(id)).addresses).toHaveLength(2);
    await rig().end(0, id);
    expect(await rig().leftOver(0)).toEqual([]);
  });
}

/** Removes a namespace that its runtime has forgotten; one that it has removed itself is fine. */
async function unpin(path: string): Promise<void> {
  await execa('umount', [path], { reject: false });
  await rm(path, { force: true });
}
