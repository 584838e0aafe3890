/**
 * A cluster whose certificates end: everybody shows one of one authority, and all of them are renewed while it works.
 *
 *   c1 ── n1 ── bridge ── etcd ×1, cluster-manager ×2 (one leads), each TLS with client certificates
 *
 * What comes up with certificates that end within a minute, and goes on after that minute, has taken over the renewed ones.
 */
import { chmod, readFile } from 'node:fs/promises';
import { Dialer } from '@wgcni/api';
import { messageOf, systemClock } from '@wgcni/base';
import type { CredentialSource } from '@wgcni/pki';
import { credentialsOf, type LabPlan, processFlags, readCredentials, until } from '@wgcni/testing';
import { execa } from 'execa';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bringUp, type Scenario } from './scenario.ts';

/** How long the first certificates live: longer than it takes to come up and to look at the files once, on a slow machine too. */
const firstLifeMs = 55_000;
/** Longer than a registration lives without a renewal. */
const afterwardsMs = 9_000;

describe('a cluster with certificates', () => {
  let scene: Scenario;
  let operator: CredentialSource;
  let firstEndAt: number;
  beforeAll(async () => {
    const size = { nodes: 1, containersPerNode: 1, managers: 2, etcd: 1 };
    const flags = ['--registration-ttl', '6s'];
    scene = await bringUp(size, { certificateLifeMs: firstLifeMs, managerFlags: flags });
    const { plan, authority } = scene.lab;
    await authority.write(olga, { uris: [uriOfOlga(plan)] });
    operator = readCredentials(credentialsOf(plan, olga));
    firstEndAt =
      systemClock.monotonicMs() + readCredentials(credentialsOf(plan, nodeId())).current.validToMs - Date.now();
  });
  afterAll(() => scene.lab.down());

  /** A person who operates. */
  const olga = 'people/olga';
  const uriOfOlga = ({ cluster }: LabPlan): string => `wgcni://${cluster}/operator/operate/olga`;

  /** Events of one process's log. */
  async function logged(path: string, event: string): Promise<Record<string, unknown>[]> {
    const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === event);
  }

  const nodeId = (): string => scene.lab.plan.nodes[0]?.id ?? '';

  /** Reads and writes at each manager in turn until told to stop; each request once, nothing is tried again. */
  async function load(signal: AbortSignal): Promise<{ sent: number; failed: string[] }> {
    const dialer = new Dialer({ connectTimeoutMs: 1_000, answerTimeoutMs: 4_000 }, operator);
    const failed: string[] = [];
    let sent = 0;
    const send = async (url: string, method: 'GET' | 'PUT' | 'DELETE', path: string): Promise<void> => {
      sent += 1;
      const answer = await request(`${url}${path}`, { method, dispatcher: dialer.agent });
      const text = await answer.body.text();
      if (answer.statusCode !== 200) failed.push(`${method} ${url}${path}: ${answer.statusCode} ${text}`);
    };
    while (!signal.aborted) {
      for (const { url } of scene.lab.plan.managers) {
        for (const [method, path] of [
          ['GET', '/v1/network'],
          ['PUT', `/v1/nodes/${nodeId()}/drain`],
          ['DELETE', `/v1/nodes/${nodeId()}/drain`],
        ] as const)
          await send(url, method, path).catch((error: unknown) =>
            failed.push(`${method} ${url}${path}: ${messageOf(error)}`),
          );
      }
      await systemClock.sleep(100);
    }
    await dialer.close();
    return { sent, failed };
  }

  it('knows nobody without a certificate, and gives a node no more than its own', async () => {
    const { plan, programs } = scene.lab;
    const [manager] = plan.managers;
    const url = manager?.url ?? '';
    const stranger = new Agent({ connect: { ca: scene.lab.authority.ca } });
    const answer = await request(`${url}/v1/nodes`, { dispatcher: stranger });
    expect([answer.statusCode, await answer.body.json()]).toMatchObject([401, { code: 'identity.missing' }]);
    await stranger.destroy();
    const wgcni = (name: string, ...args: string[]) => {
      const flags = ['--manager', url, ...processFlags(plan, name)];
      return execa(process.execPath, [programs.wgcni, ...flags, ...args], { reject: false });
    };
    const shown = await wgcni(olga, 'nodes');
    expect([shown.exitCode, shown.stdout]).toEqual([0, expect.stringContaining(nodeId())]);
    expect(await wgcni(nodeId(), 'drain', nodeId())).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('[identity.refused]') as string,
    });
    const plain = await execa(process.execPath, [programs.wgcni, '--manager', url, 'nodes'], { reject: false });
    expect([plain.exitCode, plain.stderr]).toEqual([2, expect.stringContaining('--tls-cert is missing')]);
  });

  it('renews all certificates in place without a failed request', async () => {
    const { lab } = scene;
    const stop = new AbortController();
    const loading = load(stop.signal);
    const before = systemClock.monotonicMs();
    await lab.authority.issueAll();
    const leftMs = firstEndAt - systemClock.monotonicMs();
    // What has come up too late for a look at the files before they end would show nothing.
    expect(leftMs).toBeGreaterThan(11_000);
    await systemClock.sleep(leftMs + afterwardsMs);
    stop.abort();
    const { sent, failed } = await loading;
    console.log(`${sent} requests in ${Math.round(systemClock.monotonicMs() - before)} ms, ${failed.length} failed`);
    expect(failed).toEqual([]);
    expect(sent).toBeGreaterThan(50);
    const [node] = lab.plan.nodes;
    // The last request of the load took it out of draining; it has as long as any change may take.
    if (node !== undefined) await lab.nodeReady(node, 10_000);
    for (const { log } of [...lab.plan.managers, ...lab.plan.nodes]) {
      const renewed = await logged(log, 'credentials.renewed');
      expect(renewed.map(({ use }) => use)).toEqual(['tls']);
      expect(await logged(log, 'credentials.refused')).toEqual([]);
    }
  });

  it('has logged each write at the leader, by whoever it came, with the name of the person', async () => {
    const { lab } = scene;
    const { replicaId } = await lab.leaderKnown();
    const leader = lab.plan.managers.find(({ id }) => id === replicaId);
    const audits = await logged(leader?.log ?? '', 'audit.drainNode');
    expect(audits.length).toBeGreaterThan(20);
    expect(new Set(audits.map(({ caller }) => caller))).toEqual(new Set([uriOfOlga(lab.plan)]));
    const other = lab.plan.managers.find(({ id }) => id !== replicaId);
    expect(await logged(other?.log ?? '', 'audit.drainNode')).toEqual([]);
  });

  it('reaches etcd by the renewed certificates when the old connections are gone', async () => {
    const { lab } = scene;
    await lab.process('etcd1').stop();
    lab.startEtcdMember('etcd1', { state: 'existing' });
    const client = lab.managerClient();
    await until(30_000, 'a write', () => client.drain(nodeId()));
    expect((await client.undrain(nodeId())).nodeId).toBe(nodeId());
    await client.close();
    const [node] = lab.plan.nodes;
    if (node !== undefined) await lab.nodeReady(node, 20_000);
  });

  it('has written nothing but lines of JSON to the logs of our programs', async () => {
    for (const { log } of [...scene.lab.plan.managers, ...scene.lab.plan.nodes]) {
      const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
      expect(lines.filter((line) => !line.startsWith('{'))).toEqual([]);
    }
  });

  it('does not start with a key that others may use, and says what to do', async () => {
    const { lab } = scene;
    const [node] = lab.plan.nodes;
    if (node === undefined) throw new Error('the lab has no node');
    const paths = await lab.authority.write('wide', { uris: [`wgcni://${lab.plan.cluster}/node/${node.id}`] });
    await chmod(paths.key, 0o640);
    const flags = [
      ...lab.nodeFlags(node),
      '--tls-key',
      paths.key,
      '--data-dir',
      `${node.dataDir}-wide`,
      '--socket',
      `${node.socket}2`,
    ];
    const { exitCode, stderr } = await execa(process.execPath, [lab.programs.nodeManager, ...flags], { reject: false });
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`chmod 600 ${paths.key}`)]);
    expect(stderr).toContain('has mode 0640');
  });
});
