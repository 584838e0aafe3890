/**
 * No contact for more than two thirds of the hold-down: no address is given out, what runs goes on, contact ends it; through a restart,
 * a reboot and a wall clock that is set back.
 *
 *   c1 ── n1 (its wall clock and boot id are the test's) ──┐
 *                                                          ├── bridge ── etcd, cluster-manager (stopped and started)
 *   c1 ── n2 ──────────────────────────────────────────────┘
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PingMonitor, planContainer, until, type ContainerPlan, type NodePlan } from '@wgcni/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bringUp, type Scenario } from '../scenario.ts';
import { Machine } from './machine.ts';
import { Verbs } from './verbs.ts';

const holdDownSec = 15;

let scene: Scenario;
let n1: NodePlan;
let machine: Machine;
let verbs: Verbs;
let monitors: PingMonitor[];

beforeAll(async () => {
  const managerFlags = ['--hold-down', `${holdDownSec}s`, '--registration-ttl', '3s'];
  scene = await bringUp({ nodes: 2, containersPerNode: 1, managers: 1, etcd: 1 }, { managerFlags });
  const [first] = scene.lab.plan.nodes;
  if (first === undefined) throw new Error('the lab has no node');
  n1 = first;
  machine = new Machine(scene.lab, n1);
  verbs = new Verbs(scene.lab, n1);
  await machine.setWallClock(0);
  await machine.restart();
  await scene.lab.nodeReady(n1);
  const [near, far] = scene.places;
  monitors = (far?.addresses ?? []).map((address) => new PingMonitor(near?.netnsPath ?? '', address, 20));
});
afterAll(() => scene.lab.down());

const container = (index: number): ContainerPlan => planContainer(scene.lab.plan.name, 1, 50 + index);
const manager = (): string => scene.lab.plan.managers[0]?.id ?? '';

/** Serving ADD, in contact or not. */
const ready = () => scene.lab.nodeStatusWhere(n1, ({ readiness }) => readiness === 'ready', 5_000);

async function loseManagers(): Promise<void> {
  scene.lab.process(manager()).kill('SIGKILL');
  expect(await scene.lab.process(manager()).ended(5_000)).toBe(true);
}

async function regainManagers(): Promise<void> {
  scene.lab.startManager(manager());
  await scene.lab.nodeReady(n1);
}

/** Fenced by the node's own word and by the plugin's: STATUS 50, ADD 11, while CHECK and DEL serve what runs. */
async function expectFenced(why: RegExp, index: number): Promise<void> {
  const { reason } = await scene.lab.nodeStatusWhere(n1, ({ readiness }) => readiness === 'fenced', 20_000);
  expect(reason).toMatch(why);
  expect(await verbs.add(container(index))).toMatchObject({ code: 11, msg: expect.stringMatching(why) });
  expect((await verbs.status()).code).toBe(50);
}

describe('an outage longer than two thirds of the hold-down', () => {
  it('refuses ADD with 11 and nothing else, through a restart and a reboot, until there is contact', async () => {
    const early = await verbs.add(container(0));
    await loseManagers();
    await machine.restart();
    await ready();
    expect((await verbs.add(container(1))).code).toBe(0);

    await expectFenced(/more than two thirds of the hold-down of 15 s/, 2);
    const { contactAgeSec } = await scene.lab.nodeStatusWhere(n1, ({ readiness }) => readiness === 'fenced');
    expect(contactAgeSec).toBeGreaterThanOrEqual((holdDownSec * 2) / 3);
    expect((await verbs.check(container(0), early.result)).code).toBe(0);
    expect((await verbs.delete(container(1))).code).toBe(0);
    await machine.restart();
    await expectFenced(/two thirds/, 3);
    await machine.reboot();
    await expectFenced(/two thirds/, 4);
    expect((await verbs.delete(container(0))).code).toBe(0);

    await regainManagers();
    expect((await verbs.add(container(2))).code).toBe(0);
  });
});

describe('a wall clock that is set back during an outage', () => {
  it('fences until contact, also when it is set right again, through a restart and a reboot', async () => {
    await loseManagers();
    await machine.reboot();
    // The wall clock alone tells how long ago the contact was, and it was just now.
    await ready();
    expect((await verbs.add(container(5))).code).toBe(0);
    await machine.setWallClock(-3_600);
    await expectFenced(/wall clock went back/, 6);
    await machine.setWallClock(0);
    await expectFenced(/wall clock went back/, 6);
    // Only what is on disk outlives a crash: the absence of the file is the fence.
    const contact = join(n1.dataDir, 'contact.json');
    await until(5_000, 'the fence on disk', async () => !existsSync(contact) || new Error(`${contact} is there`));
    await machine.restart();
    await expectFenced(/registered|fenced/, 6);
    await machine.reboot();
    await expectFenced(/registered|fenced/, 6);
    await regainManagers();
    expect((await verbs.add(container(6))).code).toBe(0);
  });

  it('fences when it was set back while the machine was off', async () => {
    await loseManagers();
    await machine.off();
    await machine.setWallClock(-60);
    await machine.reboot();
    await expectFenced(/wall clock went back/, 7);
    await regainManagers();
    expect((await verbs.add(container(7))).code).toBe(0);
  });
});

it('what runs has not lost a ping in all that time', async () => {
  for (const { sent, lost } of await Promise.all(monitors.map((monitor) => monitor.stop()))) {
    expect(sent).toBeGreaterThan(500);
    expect(lost).toEqual([]);
  }
});
