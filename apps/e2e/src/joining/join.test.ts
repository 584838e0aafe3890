/**
 * A cluster with an authority of its own: nodes join by tokens, and the authority is replaced under load.
 *
 *   c1 ── n1 ──┐
 *              ├── bridge ── etcd ×1, cluster-manager ×2 (they issue), a stranger that claims to be a third
 *   c2 ── n2 ──┘
 */
import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { messageOf, systemClock } from '@wgcni/base';
import { certificatesIn } from '@wgcni/pki';
import { authorityPaths, type NodePlan, PingMonitor, tokenFile, until } from '@wgcni/testing';
import { TestAuthority } from '@wgcni/testing/pki';
import { execa } from 'execa';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bringUp, type Scenario } from '../scenario.ts';

describe('a cluster with an authority of its own', () => {
  let scene: Scenario;
  let pings: PingMonitor;
  beforeAll(async () => {
    const size = { nodes: 2, containersPerNode: 1, managers: 2, etcd: 1 };
    scene = await bringUp(size, { joins: true, managerFlags: ['--registration-ttl', '6s'] });
    const [near, far] = scene.places;
    pings = new PingMonitor(near?.netnsPath ?? '', far?.addresses[0] ?? '', 20);
    await pings.underWay();
  });
  afterAll(() => scene.lab.down());

  const nodeAt = (index: number): NodePlan => scene.lab.plan.nodes[index] as NodePlan;

  /** Starts a node-manager that is to be refused: with a data directory of its own, in the namespace of n2. */
  async function refused(
    nodeId: string,
    word: string,
    managers = scene.lab.plan.managers.map(({ url }) => url).join(','),
  ): Promise<{ exitCode?: number | undefined; stderr: string }> {
    const { plan, programs } = scene.lab;
    const dir = join(plan.dir, `refused-${nodeId}`);
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const at = (name: string): string => join(dir, name);
    await writeFile(at('token'), word, { mode: 0o600 });
    const etcd = plan.etcd.map(({ clientUrl }) => clientUrl).join(',');
    return execa(
      'nsenter',
      [
        ...[`--net=${nodeAt(1).netnsPath}`, process.execPath, programs.nodeManager],
        ...['--node-id', nodeId, '--cluster', plan.cluster, '--etcd', etcd, '--manager', managers],
        ...['--data-dir', at('data'), '--queue-dir', at('queue'), '--socket', at('run/socket')],
        ...['--join', at('token')],
      ],
      { reject: false, timeout: 20_000 },
    );
  }

  const wordOf = (nodeId: string): Promise<string> => readFile(tokenFile(scene.lab.plan, nodeId), 'utf8');

  it('knows each node by the certificate that it got, whose key is nowhere else', async () => {
    for (const node of scene.lab.plan.nodes) {
      const status = await scene.lab.nodeReady(node, 5_000);
      expect(status.isRegistered).toBe(true);
    }
    const tokens = await scene.lab.managerClient().tokens();
    expect(tokens.items.map(({ used, uses }) => [used, uses])).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  it('refuses a token that was used, one of another node, and one that was taken back', async () => {
    const used = await wordOf(nodeAt(0).id);
    expect(await refused(nodeAt(0).id, used)).toMatchObject({ exitCode: 2, stderr: tokenRefusal });
    await scene.lab.writeToken('x1');
    expect(await refused('x2', await wordOf('x1'))).toMatchObject({ exitCode: 2, stderr: tokenRefusal });
    const client = scene.lab.managerClient();
    const word = await wordOf('x1');
    await client.deleteToken(word.split('.')[2] ?? '');
    await client.close();
    expect(await refused('x1', word)).toMatchObject({ exitCode: 2, stderr: tokenRefusal });
    expect(await refused('x1', 'wgcni-join.1.nonsense')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--join is not a join token') as string,
    });
  });
  const tokenRefusal = expect.stringContaining('this token does not let this node join') as string;

  it('says nothing to a manager of another authority, in between or by mistake', async () => {
    const { plan } = scene.lab;
    const stranger = await TestAuthority.create();
    const issued = await stranger.issue({
      uris: [`wgcni://${plan.cluster}/manager/m1`],
      addresses: [plan.control.v4],
    });
    let asked = 0;
    const server: Server = createServer({ ...issued, ca: stranger.ca }, () => (asked += 1));
    await new Promise<void>((resolve) => server.listen(9_443, plan.control.v4, resolve));
    try {
      await scene.lab.writeToken('x3');
      const answer = await refused('x3', await wordOf('x3'), `https://${plan.control.v4}:9443`);
      expect(answer).toMatchObject({
        exitCode: 2,
        stderr: expect.stringMatching(/shows .*the token is for/) as string,
      });
      expect(asked).toBe(0);
    } finally {
      server.close();
    }
  });

  it('denies the certificate of a deleted node at once, and takes it in again by a new token', async () => {
    const { lab } = scene;
    const node = nodeAt(1);
    // Its containers' addresses are not the same ones afterwards.
    const { lost } = await pings.stop();
    expect(lost).toEqual([]);
    const client = lab.managerClient();
    await client.deleteNode(node.id, { force: true });
    await lab.nodeStatusWhere(node, ({ readiness }) => readiness === 'deleted', 10_000);
    await lab.process(node.id).stop();
    lab.startNode(node, ['--take-over']);
    await lab.nodeStatusWhere(node, ({ readiness }) => readiness === 'deleted', 20_000);
    await lab.process(node.id).stop();
    await lab.writeToken(node.id);
    lab.startNode(node, ['--take-over']);
    await lab.nodeReady(node);
    await client.close();
  });

  /** Lists and writes at each manager in turn until told to stop; each once, nothing is tried again. */
  async function load(signal: AbortSignal): Promise<{ sent: number; failed: string[] }> {
    const { lab } = scene;
    const clients = lab.plan.managers.map(({ url }) => lab.managerClient({ urls: [url], deadlineMs: 1 }));
    const failed: string[] = [];
    let sent = 0;
    while (!signal.aborted) {
      for (const client of clients) {
        const requests = [() => client.nodes(), () => client.drain(nodeAt(1).id), () => client.undrain(nodeAt(1).id)];
        for (const send of requests) {
          sent += 1;
          await send().catch((error: unknown) => failed.push(messageOf(error)));
        }
      }
      await systemClock.sleep(50);
    }
    await Promise.all(clients.map((client) => client.close()));
    return { sent, failed };
  }

  it('goes over to a successor of its authority without a failed request', async () => {
    const { lab } = scene;
    const paths = authorityPaths(lab.plan);
    const out = join(lab.plan.dir, 'pki', 'successor');
    const rotated = ['authority', 'rotate', '--dir', join(paths.cert, '..'), '--out', out];
    await execa(process.execPath, [lab.programs.wgcni, ...rotated]);
    const stop = new AbortController();
    const loading = load(stop.signal);
    const replace = async (file: string, path: string): Promise<void> => {
      await copyFile(join(out, file), `${path}.new`);
      await rename(`${path}.new`, path);
    };
    const [successor] = certificatesIn(await readFile(join(out, 'authority.pem'), 'utf8'));
    const startedAt = systemClock.monotonicMs();
    await replace('trusted.pem', paths.trusted);
    await replace('authority.key', paths.key);
    await replace('authority.pem', paths.cert);
    for (const { dataDir } of lab.plan.nodes) {
      await until(60_000, 'a certificate of the successor', async () => {
        const dir = join(dataDir, 'credentials');
        const current = (await readFile(join(dir, 'current'), 'utf8')).trim();
        const [own] = certificatesIn(await readFile(join(dir, `${current}.cert.pem`), 'utf8'));
        const isNew = own !== undefined && successor !== undefined && own.verify(successor.publicKey);
        return isNew || new Error('it has still the one before');
      });
    }
    stop.abort();
    const { sent, failed } = await loading;
    const tookMs = Math.round(systemClock.monotonicMs() - startedAt);
    console.log(
      `every node has a certificate of the successor after ${tookMs} ms; ${sent} requests, ${failed.length} failed`,
    );
    expect(failed).toEqual([]);
    expect(sent).toBeGreaterThan(100);
  });

  it('takes nobody any more whom only the old authority knows, once that is taken out', async () => {
    const { lab } = scene;
    const { cert, trusted } = authorityPaths(lab.plan);
    const [successor] = certificatesIn(await readFile(cert, 'utf8'));
    await writeFile(`${trusted}.new`, successor?.toString() ?? '');
    await rename(`${trusted}.new`, trusted);
    const { cert: old, key } = lab.operator.current;
    const url = `${lab.plan.managers[0]?.url ?? ''}/v1/nodes`;
    await until(20_000, 'the operator of the old authority to be refused', async () => {
      // A new connection each time: one that is open serves one request more.
      const dispatcher = new Agent({ connect: { cert: old, key: key.reveal(), ca: successor?.toString() ?? '' } });
      try {
        const { statusCode } = await request(url, { dispatcher });
        return statusCode === 401 || new Error(`it is answered ${statusCode}`);
      } finally {
        await dispatcher.destroy();
      }
    });
    // Longer than a registration lives.
    await systemClock.sleep(8_000);
    for (const node of lab.plan.nodes) expect((await lab.nodeReady(node, 2_000)).isRegistered).toBe(true);
  });
});
