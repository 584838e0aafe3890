/**
 * The release archive on three machines under systemd: installed, killed, restarted, upgraded from the release before, and uninstalled.
 *
 *   etcd (TLS) ── bridge ─┬─ n1: a booted machine   cluster-manager, node-manager, container c1
 *                         ├─ n2                     the same, c2
 *                         └─ n3                     the same, c3
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findPrograms, Lab, ping, planLab, until } from '@wgcni/testing';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ClusterOfReleases } from './cluster-of-releases.ts';
import { type Attached, type InstalledNode, nodeUnit } from './installed-node.ts';
import { leftBehind } from './machine-state.ts';
import { previousRelease, type Release, thisRelease } from './releases.ts';
import { figureOf, Traffic } from './traffic.ts';

const root = resolve(import.meta.dirname, '../../../..');
const shipped = join(root, 'deploy/systemd');

describe('a release on three machines', () => {
  let dir: string;
  let [current, previous]: Release[] = [];
  let cluster: ClusterOfReleases;
  let traffic: Traffic | undefined;
  const before: string[][] = [];
  const containers: Attached[] = [];

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'wgcni-release-'));
    [current, previous] = [await thisRelease(root, dir), await previousRelease(root, dir)];
    const size = { nodes: 3, containersPerNode: 0, managers: 0, etcd: 1 };
    cluster = new ClusterOfReleases(
      new Lab(planLab(`r${randomBytes(3).toString('hex')}`, size), await findPrograms(root)),
    );
    await cluster.boot(releases());
    for (const node of cluster.nodes) before.push(await node.state());
  });
  afterEach(() => traffic?.abandon());
  afterAll(async () => {
    await cluster?.remove();
    await rm(dir, { recursive: true, force: true });
  });

  function releases(): [Release, Release] {
    if (current === undefined || previous === undefined) throw new Error('a release was not built');
    return [current, previous];
  }

  function machines(): [InstalledNode, InstalledNode, InstalledNode] {
    const [n1, n2, n3] = cluster.nodes;
    if (n1 === undefined || n2 === undefined || n3 === undefined) throw new Error('a machine was not booted');
    return [n1, n2, n3];
  }

  /** What was said of both kinds of traffic, none of it lost. */
  async function nothingLost(fewest: number): Promise<void> {
    const said = await traffic?.stop();
    traffic = undefined;
    if (said === undefined) throw new Error('there was no traffic');
    console.log(figureOf(said));
    for (const { sent, lost } of said.pings) {
      expect(lost).toEqual([]);
      expect(sent).toBeGreaterThan(fewest);
    }
    for (const { sent, received, isInOrder, isBroken } of said.streams)
      expect({ received, isInOrder, isBroken }).toEqual({ received: sent, isInOrder: true, isBroken: false });
  }

  it('is the same archive, byte for byte, when it is made again', async () => {
    const [{ path }] = releases();
    const again = await thisRelease(root, join(dir, 'again'));
    expect((await readFile(again.path)).equals(await readFile(path))).toBe(true);
  });

  it('has no release before it in a clone without history, and says how to get it', async () => {
    const clone = join(dir, 'shallow');
    await execa('git', ['clone', '--quiet', '--depth', '1', `file://${root}`, clone]);
    await expect(previousRelease(clone, dir)).rejects.toThrow('git fetch --unshallow');
  });

  it('makes a cluster of the archive alone', async () => {
    const [, release] = releases();
    await cluster.comeUp(release, shipped);
    const every = Object.fromEntries(cluster.nodes.map(({ plan }) => [plan.id, release.version]));
    expect(await cluster.versions()).toEqual({ replicas: every, nodes: every });
    for (const [index, node] of cluster.nodes.entries()) containers.push(await node.attach(`c${index + 1}`));
    for (const one of containers)
      for (const other of containers.filter((each) => each !== one)) await reaches(one, other);
  });

  it('is not installed when it is damaged, nor another one of a version that is there', async () => {
    const [, { version }] = releases();
    const [{ machine }] = machines();
    await machine.run(['cp', '-R', `/usr/lib/wgcni/${version}`, '/srv/other']);
    await machine.run(['sh', '-c', 'cd /srv/other && sha256sum ./VERSION >>SHA256SUMS']);
    await expect(machine.run(['/srv/other/install.sh'])).rejects.toThrow('another release of the same version');
    await machine.run(['sh', '-c', 'echo >>/srv/other/wgcni.cjs']);
    await expect(machine.run(['/srv/other/install.sh'])).rejects.toThrow('is damaged');
    await machine.run(['rm', '-r', '/srv/other']);
  });

  it('goes on when a machine is killed, and takes it back with the subnets that it had', async () => {
    const [n1, n2, n3] = machines();
    const { subnets } = await n3.ready();
    traffic = await Traffic.around(containers.slice(0, 2));
    await n3.kill();
    await n1.attach('while-n3-is-away');
    await n1.detach('while-n3-is-away');
    await n3.bootAgain();
    expect((await n3.ready()).subnets).toEqual(subnets);
    containers[2] = await n3.attach('c3-again');
    for (const one of containers.slice(0, 2)) await reaches(one, containers[2]);
    await n2.ready();
    await nothingLost(100);
  });

  it('loses nothing when everything is restarted, one after the other', async () => {
    traffic = await Traffic.around(containers);
    for (const node of cluster.nodes) await cluster.restartManager(node);
    for (const node of cluster.nodes) {
      await node.restart(nodeUnit);
      await node.ready();
    }
    await nothingLost(100);
  });

  it('loses nothing in a rolling upgrade, in which both releases read what the other writes', async () => {
    const [release, old] = releases();
    traffic = await Traffic.around(containers);
    // Cluster-managers first. The leader is not the first of them: a new replica hands its writes to an old leader.
    const leader = await cluster.leader();
    const [first, last] = cluster.nodes.filter((node) => node !== leader);
    if (first === undefined || last === undefined) throw new Error('two replicas follow');
    await upgradeManager(first, release);
    await write('old-leader', cluster.nodes);
    // Then the other way round: an old replica, and a new leader.
    await upgradeManager(leader, release);
    await cluster.haveOtherLeader([last]);
    await write('new-leader', cluster.nodes);
    await upgradeManager(last, release);
    // New cluster-managers, nodes of both kinds; the new plugin speaks with an old node-manager.
    for (const node of cluster.nodes) {
      expect((await cluster.versions()).nodes[node.plan.id]).toBe(old.version);
      await node.attach('short');
      await node.detach('short');
      await node.restart(nodeUnit);
      await node.ready();
      await write(`nodes-${node.plan.id}`, [node]);
    }
    const every = Object.fromEntries(cluster.nodes.map(({ plan }) => [plan.id, release.version]));
    expect(await cluster.versions()).toEqual({ replicas: every, nodes: every });
    await nothingLost(500);
  });

  it('goes back to the release before by its own script, and forth again', async () => {
    const [release, old] = releases();
    const [n1] = machines();
    traffic = await Traffic.around(containers);
    await n1.machine.run([`/usr/lib/wgcni/${old.version}/install.sh`]);
    await n1.restart(nodeUnit);
    await n1.ready();
    expect((await cluster.versions()).nodes[n1.plan.id]).toBe(old.version);
    await n1.machine.run([`/usr/lib/wgcni/${release.version}/install.sh`]);
    await n1.restart(nodeUnit);
    await n1.ready();
    await nothingLost(50);
  });

  it('leaves nothing of itself when it is uninstalled, whether containers run or not', async () => {
    const [n1] = machines();
    await n1.detach('c1');
    await Promise.all(
      cluster.nodes.map((node) => node.machine.run(['/usr/lib/wgcni/current/uninstall.sh', '--purge'])),
    );
    for (const [index, node] of cluster.nodes.entries())
      expect(leftBehind(before[index] ?? [], await node.state())).toEqual([]);
  });

  /** A node is known to the others a moment after it is ready itself. */
  async function reaches({ netnsPath }: Attached, { addresses }: Attached): Promise<void> {
    for (const address of addresses)
      await until(60_000, `an answer of ${address} in ${netnsPath}`, async () => {
        const roundTripMs = await ping(netnsPath, address);
        return roundTripMs ?? new Error(await tunnels());
      });
  }

  /** What each node knows of the others, for who reads that one was not reached. */
  async function tunnels(): Promise<string> {
    const shown = cluster.nodes.map(({ machine }) => machine.run(['wg', 'show', 'all', 'dump']));
    const lines = (await Promise.all(shown)).join('\n').split('\n');
    // Without the line of a device itself: it has the private key.
    return lines.filter((line) => line.split('\t').length > 5).join('\n');
  }

  async function upgradeManager(node: InstalledNode, release: Release): Promise<void> {
    await node.install(release);
    await cluster.restartManager(node);
  }

  /** What each of these replicas writes is read by every replica, and obeyed by every node. */
  async function write(label: string, replicas: readonly InstalledNode[]): Promise<void> {
    let revision = 0;
    const names = replicas.map(({ plan }) => `${label}-${plan.id}`);
    for (const [index, node] of replicas.entries())
      ({ revision } = await cluster.ask(node, async (client) => {
        await client.putRule(names[index] ?? '', { from: ['clients'], to: ['containers'] });
        return client.setNetwork({ masquerade: { except: [`192.168.${label.length + index}.0/24`] } });
      }));
    for (const node of cluster.nodes) {
      const { items } = await cluster.ask(node, (client) => client.rules());
      expect(items.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
      await node.hasApplied(revision);
    }
  }
});
