/**
 * What a node-manager and a cluster-manager serve besides their work, to people with a certificate and to nobody else:
 *
 *   rob, who reads ──TLS──▶ n1 (--listen, --health-listen), m1 (--health-listen)
 *   whoever is on the machine of n1 ──▶ its socket, if they are root
 */
import { credentialsOf, type LabPlan, processFlags, readCredentials } from '@wgcni/testing';
import { execa } from 'execa';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bringUp, type Scenario } from './scenario.ts';

const rob = 'people/rob';
const nodeAt = '192.0.2.11';
const managerAt = '192.0.2.1';

describe('the listeners of a cluster with certificates', () => {
  let scene: Scenario;
  const agents: Agent[] = [];
  beforeAll(async () => {
    const nodeFlags = ['--listen', `${nodeAt}:7070`, '--health-listen', `${nodeAt}:7071`];
    const size = { nodes: 1, containersPerNode: 1, managers: 1, etcd: 1 };
    scene = await bringUp(size, { nodeFlags, managerFlags: ['--health-listen', `${managerAt}:7071`] });
    const { plan, authority } = scene.lab;
    await authority.write(rob, { uris: [`wgcni://${plan.cluster}/operator/read/rob`] });
  });
  afterAll(async () => {
    await Promise.all(agents.map((agent) => agent.destroy()));
    await scene.lab.down();
  });

  const plan = (): LabPlan => scene.lab.plan;
  const nodeId = (): string => plan().nodes[0]?.id ?? '';
  const wgcni = (...args: string[]) =>
    execa(process.execPath, [scene.lab.programs.wgcni, ...processFlags(plan(), rob), ...args], { reject: false });

  /** Asks as whoever has that certificate; whose the server's is, is not looked at here. */
  async function ask(name: string | undefined, url: string, method: 'GET' | 'DELETE' = 'GET') {
    const { cert, key, ca } = readCredentials(credentialsOf(plan(), name ?? rob)).current;
    const shown = name === undefined ? {} : { cert, key: key.reveal() };
    const agent = new Agent({ connect: { ...shown, ca, checkServerIdentity: () => undefined } });
    agents.push(agent);
    const answer = await request(url, { method, dispatcher: agent });
    return { status: answer.statusCode, body: await answer.body.text() };
  }

  it('show a node to a person, who knows it by its name and not by its address', async () => {
    const url = `https://${nodeAt}:7070`;
    const shown = await wgcni('--node-manager', url, '--node-id', nodeId(), 'status');
    expect([shown.exitCode, shown.stderr]).toEqual([0, '']);
    expect(shown.stdout).toContain(`node ${nodeId()}  ready`);
    expect(shown.stdout).toMatch(/^certificate tls ends in \d+ d /m);
    const other = await wgcni('--node-manager', url, '--node-id', 'another', 'status');
    expect([other.exitCode, other.stderr]).toEqual([1, expect.stringContaining('not that of the node another')]);
    const manager = await wgcni('--node-manager', plan().managers[0]?.url ?? '', 'status');
    expect([manager.exitCode, manager.stderr]).toEqual([1, expect.stringContaining('not that of a node of')]);
  });

  it('show each manager to a person with the end of its certificate', async () => {
    const [manager] = plan().managers;
    const shown = await wgcni('--manager', manager?.url ?? '', 'status');
    expect([shown.exitCode, shown.stderr]).toEqual([0, '']);
    expect(shown.stdout).toMatch(new RegExp(`^certificate of ${manager?.id} ends in \\d+ d `, 'm'));
  });

  it('change nothing for who only reads, for a node, or for nobody; the socket serves as before', async () => {
    const node = plan().nodes[0];
    if (node === undefined) throw new Error('the lab has no node');
    const client = scene.lab.nodeClient(node);
    const [attachment] = (await client.attachments()).items;
    const path = `/v1/attachments/${attachment?.network}/${attachment?.containerId}/${attachment?.ifName}`;
    for (const [name, status] of [
      [undefined, 401],
      [rob, 403],
      [nodeId(), 403],
      [plan().managers[0]?.id ?? '', 403],
    ] as const)
      expect((await ask(name, `https://${nodeAt}:7070${path}`, 'DELETE')).status, name ?? 'nobody').toBe(status);
    expect((await client.attachments()).items).toEqual([attachment]);
    await client.close();
    await expect(request(`http://${nodeAt}:7070/v1/status`)).rejects.toThrow();
  });

  it('tell health and metrics to people and managers, and to nobody else', async () => {
    for (const [address, told] of [
      [nodeAt, ['wgcni_registered 1', 'wgcni_ready 1', 'wgcni_attachments{state="answered"} 1']],
      [managerAt, ['wgcni_leader 1', 'wgcni_synced 1']],
    ] as const) {
      const url = `https://${address}:7071`;
      const { status, body } = await ask(rob, `${url}/metrics`);
      expect([status, body.split('\n')]).toEqual([200, expect.arrayContaining([...told])]);
      expect(body).toMatch(/^wgcni_certificate_expiry_timestamp_seconds\{use="tls"\} \d{10}$/m);
      expect(await ask(rob, `${url}/readyz`)).toEqual({ status: 200, body: '{"status":"ready"}' });
      expect((await ask(plan().managers[0]?.id, `${url}/healthz`)).status).toBe(200);
      expect((await ask(undefined, `${url}/metrics`)).status).toBe(401);
      expect((await ask(nodeId(), `${url}/metrics`)).status).toBe(403);
      expect((await ask(rob, `${url}/v1/status`)).status).toBe(404);
      await expect(request(`http://${address}:7071/metrics`)).rejects.toThrow();
    }
    // By one refused of each kind at the listener for REST, above.
    const { body } = await ask(rob, `https://${nodeAt}:7071/metrics`);
    expect(body).toContain('wgcni_requests_denied_total{code="identity.missing"} 1');
    expect(body).toContain('wgcni_requests_denied_total{code="identity.refused"} 3');
  });
});
