/**
 * Who may reach whom, tried with real packets, for every cell of the table; the nodes' FORWARD policy is somebody else's DROP.
 *
 *   container, same ── n1 ──┐            ┌── out1: the outside, 198.51.100.7
 *             other ── n2 ──┴── bridge ──┴── out2: the client, which dials n1
 *   published: port 8080 of n1, redirected to port 80 of `same`
 */
import { systemClock } from '@wgcni/base';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cell, cells, isAllowed, nameOf, type Setting, settings, sources } from './cells.ts';
import { outsideBlocks, probeOf, setStage, type Stage } from './stage.ts';

/** For an answer that has to come, on a busy machine; and for one that must not. */
const patience = { allowedMs: 6_000, deniedMs: 1_000 };

describe('the rules of a network', () => {
  let stage: Stage;
  let all: Setting[];
  const took: Record<string, number> = {};
  beforeAll(async () => {
    stage = await setStage();
    const [first, second] = await Promise.all(stage.nodes.map((node) => stage.scene.lab.nodeReady(node)));
    const [firstSubnet4 = ''] = first?.subnets.filter((subnet) => !subnet.includes(':')) ?? [];
    all = settings(firstSubnet4, second?.subnets ?? [], outsideBlocks);
  });
  afterAll(async () => {
    console.log(JSON.stringify({ inForceOnAllNodesMs: took }));
    await stage.down();
  });

  const table = async (netnsPath: string): Promise<string> =>
    (await execa('nsenter', [`--net=${netnsPath}`, 'nft', '-s', 'list', 'table', 'inet', 'wgcni'])).stdout;

  /** Waits until every node enforces exactly this. Answers how long it took since the call, in milliseconds. */
  async function inForce(rules: readonly string[], isolation: string): Promise<number> {
    const since = systemClock.monotonicMs();
    for (const node of stage.nodes) {
      await stage.scene.lab.nodeStatusWhere(
        node,
        ({ policy }) => policy?.isolation === isolation && policy.rules.map(({ name }) => name).join() === rules.join(),
      );
    }
    return systemClock.monotonicMs() - since;
  }

  async function change(setting: Setting): Promise<void> {
    const { lab } = stage.scene;
    const manager = lab.managerClient();
    const { items } = await manager.rules();
    const pools = lab.plan.pools.map((pool) => pool.replace(/:[0-9]+$/, ''));
    const client = { publicKey: stage.publicKey, via: stage.nodes[0].id, allowedIps: [...pools, ...outsideBlocks] };
    await manager.putClient('laptop', { ...client, reachable: setting.isClientReachable });
    const rules = Object.entries(setting.rules).map(([name, rule]) => ({
      protocol: 'any' as const,
      ports: [],
      ...rule,
      name,
    }));
    if (items.length + rules.length > 0 || setting.isolation === 'isolated')
      await manager.setNetwork({ isolation: setting.isolation, rules });
    await manager.close();
    took[setting.name] = Math.round(await inForce(Object.keys(setting.rules), setting.isolation));
    expect(took[setting.name]).toBeLessThan(2_000);
    const [one, other] = await Promise.all(stage.nodes.map(({ netnsPath }) => table(netnsPath)));
    expect(one).toBe(other);
  }

  /** What became of each cell, by its name. */
  async function tryAll(setting: Setting): Promise<Record<string, boolean>> {
    const wait = (cell: Cell): number => (isAllowed(setting, cell) ? patience.allowedMs : patience.deniedMs);
    const tried = sources.map(async (source) => {
      const own = cells.filter((cell) => cell.source === source);
      const results = await stage.agents[source].ask({ probes: own.map((cell) => probeOf(stage, cell, wait(cell))) });
      return own.map((cell, index) => [nameOf(cell), results[index] ?? false] as const);
    });
    return Object.fromEntries((await Promise.all(tried)).flat());
  }

  const expected = (setting: Setting): Record<string, boolean> =>
    Object.fromEntries(cells.map((cell) => [nameOf(cell), isAllowed(setting, cell)]));

  it.each([0, 1, 2, 3])(
    'hold in every cell of the table, and are in force on all nodes within two seconds (%i)',
    async (index) => {
      const setting = all[index];
      if (setting === undefined) throw new Error('there is no such setting');
      await change(setting);
      expect(await tryAll(setting), setting.name).toEqual(expected(setting));
    },
  );

  it('hold likewise where somebody else drops what is forwarded', async () => {
    for (const { netnsPath } of stage.nodes)
      for (const program of ['iptables', 'ip6tables'])
        await execa('nsenter', [`--net=${netnsPath}`, program, '--policy', 'FORWARD', 'DROP']);
    const setting = all[3];
    if (setting === undefined) throw new Error('there is no such setting');
    expect(await tryAll(setting)).toEqual(expected(setting));
  });

  it('end with what they allowed: also a connection that stands, which goes on with the rule', async () => {
    const { lab } = stage.scene;
    const [, , withRules] = all;
    if (withRules === undefined) throw new Error('there is no such setting');
    await change(withRules);
    const { container } = stage.agents;
    const probe = probeOf(
      stage,
      { source: 'container', target: 'other', ask: 'tcp 80', family: 4 },
      patience.allowedMs,
    );
    const name = probeOf(
      stage,
      { source: 'container', target: 'gateway', ask: 'udp 80', family: 6 },
      patience.allowedMs,
    );
    expect(await container.ask({ probes: [name] })).toEqual([true]);
    expect(await container.ask({ hold: probe })).toEqual([true]);
    expect(await container.ask({ speakMs: patience.allowedMs })).toEqual([true]);

    const manager = lab.managerClient();
    const { web, ...others } = withRules.rules;
    if (web === undefined) throw new Error('there is no such rule');
    await manager.deleteRule('web');
    took['a rule less'] = Math.round(await inForce(Object.keys(others), 'isolated'));
    expect(took['a rule less']).toBeLessThan(2_000);
    expect(await container.ask({ speakMs: patience.deniedMs })).toEqual([false]);

    const before = await counted();
    await manager.putRule('web', web);
    await manager.close();
    took['a rule more'] = Math.round(await inForce([...Object.keys(others), 'web'], 'isolated'));
    expect(took['a rule more']).toBeLessThan(2_000);
    expect(await container.ask({ speakMs: patience.allowedMs })).toEqual([true]);
    const after = await counted();
    // What a rule has counted goes on through the change of another; one that was away begins anew.
    expect(before.names).toBeGreaterThan(0);
    expect(after.names).toBeGreaterThanOrEqual(before.names ?? 0);
    expect(before.denied).toBeGreaterThan(0);
    expect([before.web, (after.web ?? 0) > 0]).toEqual([undefined, true]);
  });

  /** On the first node: packets that two rules let pass, and of containers to containers that were denied. */
  async function counted(): Promise<Partial<Record<'web' | 'names' | 'denied', number>>> {
    const client = stage.scene.lab.nodeClient(stage.nodes[0]);
    const { policy } = await client.status();
    await client.close();
    const of = (name: string): number | undefined => policy?.rules.find((rule) => rule.name === name)?.packets;
    const denied = policy?.denied.find(({ what }) => what === 'container-container')?.packets;
    return Object.fromEntries(
      Object.entries({ web: of('web'), names: of('names'), denied }).filter(([, value]) => value !== undefined),
    );
  }
});
