/**
 * Nomad drives the plugin on two nodes: `network { mode = "cni/wgcni" }`.
 *
 *   test ── HTTP ── server ─┬─ client ── allocations ── n1 ── bridge
 *                           └─ client ── allocations ── n2 ── bridge
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installCni, until, type NodePlan } from '@wgcni/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inside } from '../../inside.ts';
import { bringUp, type Scenario } from '../../scenario.ts';
import { findProgram, whyNotRun } from '../find-program.ts';
import { leftOver } from '../left-over.ts';
import { RecordedCalls } from '../recorded-calls.ts';
import { Nomad } from './nomad.ts';

const program = await findProgram('nomad');
const whyNot = whyNotRun({ nomad: program });

interface Client {
  node: NodePlan;
  calls: RecordedCalls;
}

interface Running {
  id: string;
  netnsPath: string;
  addresses: string[];
}

describe.skipIf(whyNot !== '')(`Nomad${whyNot}`, () => {
  let scene: Scenario;
  let clients: Client[];
  let nomad: Nomad;
  let pages: string;
  beforeAll(async () => {
    scene = await bringUp({ nodes: 2, containersPerNode: 0, managers: 1, etcd: 1 });
    const { plan } = scene.lab;
    pages = join(plan.dir, 'pages');
    await mkdir(pages);
    await writeFile(join(pages, 'index.html'), 'served');
    const places = await Promise.all(
      plan.nodes.map(async (node) => ({ node, installed: await installCni(scene.lab, node) })),
    );
    clients = await Promise.all(
      places.map(async ({ node, installed }) => ({ node, calls: await RecordedCalls.begin(installed) })),
    );
    nomad = await Nomad.open(program ?? '', plan, places);
  });
  afterAll(async () => {
    try {
      await nomad?.close();
    } finally {
      await scene.lab.down();
    }
  });

  const at = (index: number): Client => {
    const client = clients[index];
    if (client === undefined) throw new Error(`no Nomad on node ${index}`);
    return client;
  };
  /** A task that serves a page, and where the node-manager says that it is. */
  const serve = async (index: number, id: string): Promise<Running & { told: string | undefined }> => {
    const { node } = at(index);
    const command = ['/usr/bin/busybox', 'httpd', '-f', '-p', '8080', '-h', pages] as const;
    const { ID, NetworkStatus } = await nomad.run({ id, nodeName: node.id, command: [...command] });
    const client = scene.lab.nodeClient(node);
    const { items } = await client.attachments();
    await client.close();
    const own = items.filter(({ containerId }) => containerId === ID);
    expect(own).toHaveLength(1);
    const addresses = own.flatMap((one) => one.addresses.map(({ address }) => address.replace(/\/.*/, '')));
    return { id: ID, netnsPath: own[0]?.netns ?? '', addresses, told: NetworkStatus?.Address };
  };
  const read = async ({ netnsPath }: Running, address: string): Promise<string> => {
    const host = address.includes(':') ? `[${address}]` : address;
    return (await inside(netnsPath, ['curl', '-sS', '--max-time', '5', `http://${host}:8080/`])).stdout;
  };
  const isGone = (index: number): Promise<true> =>
    until(30_000, 'nothing to be left', async () => {
      const left = await leftOver(scene.lab, at(index).node);
      return left.length === 0 ? true : new Error(left.join('; '));
    });

  it('fingerprints the plugin by the version that it tells when it is called without a command', async () => {
    const [, version] =
      /plugin (v\S+)/.exec((await inside(at(0).node.netnsPath, [scene.lab.programs.plugin])).stderr) ?? [];
    const nodes = await nomad.api.nodes();
    expect(nodes.map(({ Attributes }) => Attributes['plugins.cni.version.wireguard-cni'])).toEqual([version, version]);
    expect(version).toMatch(/^v[0-9]/);
  });

  it('runs tasks on two nodes that reach each other, and deletes what it stops', async () => {
    const [a, b] = [await serve(0, 'a'), await serve(1, 'b')];
    expect([a.told, b.told]).toEqual([a.addresses[0], b.addresses[0]]);
    for (const address of b.addresses) expect(await read(a, address), address).toBe('served');
    for (const address of a.addresses) expect(await read(b, address), address).toBe('served');
    for (const [index, { id }] of [a, b].entries()) {
      await nomad.api.purge(index === 0 ? 'a' : 'b');
      await isGone(index);
      expect((await at(index).calls.of(id)).at(-1)).toBe('DEL');
    }
  });

  it('adds again after an ADD that was killed, without a second address', async () => {
    const { node, calls } = at(0);
    const daemon = scene.lab.process(node.id);
    // The first ADD waits for its answer while the node-manager stands still.
    daemon.kill('SIGSTOP');
    const serving = serve(0, 'again').catch((error: unknown) => error);
    try {
      const pids = await until(30_000, 'the plugin at work', async () => {
        const running = await calls.running();
        return running.length > 0 ? running : new Error('not yet');
      });
      for (const pid of pids) process.kill(pid, 'SIGKILL');
    } finally {
      daemon.kill('SIGCONT');
    }
    const again = (await serving) as Running;
    expect(again).toMatchObject({ addresses: [expect.any(String), expect.any(String)] });
    expect((await calls.of(again.id)).filter((verb) => verb === 'ADD')).toHaveLength(2);
    expect(await read(again, again.addresses[0] ?? '')).toBe('served');
    await nomad.api.purge('again');
    await isGone(0);
  });
});
