/**
 * Something that brings its own key joins with three calls of curl: an address, a key, the peers.
 *
 *   box ── n1 ──┐       box: a namespace made by hand on n1, with a WireGuard device made by hand
 *               ├── bridge
 *   c1  ── n2 ──┘
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ping, until, type NodePlan } from '@wgcni/testing';
import type { Allocation, JoinPeer, Page } from '@wgcni/api';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inside } from './inside.ts';
import { bringUp, type Scenario } from './scenario.ts';

const device = `wgbox${randomBytes(3).toString('hex')}`;

describe('a namespace made by hand', () => {
  let scene: Scenario;
  let node: NodePlan;
  let box: string;
  let wireguard: ChildProcess | undefined;
  beforeAll(async () => {
    scene = await bringUp({ nodes: 2, containersPerNode: 1 });
    [node] = scene.lab.plan.nodes as [NodePlan];
    box = `${node.netns}-box`;
    await execa('ip', ['netns', 'add', box]);
  });
  afterAll(async () => {
    if (wireguard !== undefined) {
      wireguard.kill('SIGTERM');
      await once(wireguard, 'exit');
    }
    await scene.lab.down();
  });

  const curl = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const data = body === undefined ? [] : ['-H', 'content-type: application/json', '-d', JSON.stringify(body)];
    const argv = ['-sS', '--fail-with-body', '-X', method, '--unix-socket', node.socket, ...data, `http://node${path}`];
    const { stdout } = await execa('curl', argv);
    return (stdout === '' ? undefined : JSON.parse(stdout)) as T;
  };

  it('talks with a container of another node, both ways, and no more once it has left', async () => {
    const { addresses } = await curl<Allocation>('PUT', '/v1/addresses/box', {});
    expect(addresses).toHaveLength(2);
    const { stdout: privateKey } = await execa('wg', ['genkey']);
    const { stdout: publicKey } = await execa('wg', ['pubkey'], { input: privateKey });
    await curl('PUT', '/v1/addresses/box/key', { publicKey, endpoint: '127.0.0.1:51999' });
    const { items } = await curl<Page<JoinPeer>>('GET', '/v1/addresses/box/peers');
    await makeDevice(privateKey, addresses, items);

    const far = scene.places.find(({ nodeId }) => nodeId !== node.id);
    const boxPath = `/run/netns/${box}`;
    for (const address of far?.addresses ?? []) {
      await until(
        5_000,
        `the box to reach ${address}`,
        async () => (await ping(boxPath, address)) ?? new Error('no answer'),
      );
    }
    for (const { address } of addresses)
      expect(await ping(far?.netnsPath ?? '', address.replace(/\/.*/, ''))).toBeDefined();

    await curl('DELETE', '/v1/addresses/box');
    expect(await ping(boxPath, far?.addresses[0] ?? '', { count: 1 })).toBeUndefined();
  });

  it('is told what is wrong with its key, and that nothing is allocated under another name', async () => {
    await curl('PUT', '/v1/addresses/other', {});
    await expect(curl('PUT', '/v1/addresses/other/key', { publicKey: 'x' })).rejects.toThrow(/request\.invalid/);
    await expect(curl('GET', '/v1/addresses/nobody/peers')).rejects.toThrow(/PUT \/v1\/addresses\/nobody/);
  });

  /** What a person would type: a device in the node's namespace, moved into the box. */
  async function makeDevice(privateKey: string, addresses: Allocation['addresses'], peers: JoinPeer[]): Promise<void> {
    const [peer] = peers;
    if (peer === undefined) throw new Error('there is no peer');
    wireguard = spawn('nsenter', [`--net=${node.netnsPath}`, 'wireguard-go', '-f', device], { stdio: 'ignore' });
    await until(5_000, 'the device', () => inside(node.netnsPath, ['wg', 'show', device]));
    const lines = [
      ...['[Interface]', `PrivateKey = ${privateKey}`, 'ListenPort = 51999', '[Peer]'],
      ...[`PublicKey = ${peer.publicKey}`, `Endpoint = ${peer.endpoint}`, `AllowedIPs = ${peer.allowedIps.join(', ')}`],
    ];
    const config = join(scene.lab.plan.dir, 'box.conf');
    await writeFile(config, `${lines.join('\n')}\n`, { mode: 0o600 });
    await inside(node.netnsPath, ['wg', 'setconf', device, config]);
    await inside(node.netnsPath, ['ip', 'link', 'set', device, 'netns', box]);
    const inBox = (...argv: string[]) => inside(`/run/netns/${box}`, ['ip', ...argv]);
    for (const { address } of addresses) await inBox('address', 'add', address, 'dev', device);
    await inBox('link', 'set', device, 'mtu', String(peer.mtu), 'up');
    for (const subnet of peer.allowedIps) await inBox('route', 'add', subnet, 'dev', device);
  }
});
