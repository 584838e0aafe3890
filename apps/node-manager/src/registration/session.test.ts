/** A registration over its life: contact and its loss, another instance, a delete, a drain; through restarts and reboots. */
import { CatalogueError, systemClock } from '@wgcni/base';
import { optionsOf } from '@wgcni/ipam';
import { MemoryStore } from '@wgcni/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeCluster } from '../testing/fake-cluster.ts';
import { rename, rm, writeFile } from 'node:fs/promises';
import { RegisteringNode } from '../testing/registering-node.ts';
import { readIdentity } from './identity.ts';

const hourMs = 3_600_000;

let cluster: FakeCluster;
let node: RegisteringNode;
const rivals: RegisteringNode[] = [];
beforeEach(async () => {
  cluster = new FakeCluster(MemoryStore.alone(systemClock));
  // Nothing is renewed but when the test says so.
  cluster.network.registrationTtlSec = 600;
  await cluster.putNetwork();
  node = await RegisteringNode.make(cluster);
});
afterEach(async () => {
  for (const each of [node, ...rivals.splice(0)]) await each.close();
});

const readiness = (of = node): string => of.judgement().readiness;
const becomes = (wanted: string, of = node) => expect.poll(() => readiness(of), { timeout: 5_000 }).toBe(wanted);
/** Registered, and serving ADD. */
const joins = (of = node) =>
  expect.poll(() => [standing(of), readiness(of)], { timeout: 5_000 }).toEqual(['registered', 'ready']);
const standing = (of = node): string => of.running.board.standing.kind;
/** A renewal that is not waited for, answered. */
const renewed = async (of = node): Promise<void> => {
  const before = of.calls('renew');
  of.running.session.renewSoon();
  await expect.poll(() => of.calls('renew')).toBeGreaterThan(before);
};
/** Started, and told to drain while one attachment is left. */
const drainsWithOne = async (): Promise<void> => {
  node.attachments = 1;
  await node.start();
  await joins();
  cluster.draining.add('n1');
  await renewed();
  await becomes('draining');
};
/** Another machine with the same node id. */
const rival = async (): Promise<RegisteringNode> => {
  const made = await RegisteringNode.make(cluster);
  rivals.push(made);
  return made;
};

describe('what a node says of itself', () => {
  beforeEach(async () => {
    await node.start();
    await joins();
  });
  const registered = () => cluster.calls.filter(({ name }) => name === 'register').map(({ input }) => input);

  it.each([
    ['endpoints', { endpoints: ['192.0.2.9:51820'] }],
    ['offers', { offers: ['10.9.0.0/24'] }],
  ])('is said anew when other %s are told, by the same instance with what it holds', async (_, told) => {
    Object.assign(node, told);
    node.running.pulse.give();
    await expect.poll(() => node.calls('register'), { timeout: 5_000 }).toBe(2);
    const [before, after] = registered();
    expect(after).toMatchObject({ ...told, instance: (before as { instance: string }).instance });
    expect((after as { held: unknown[] }).held).toHaveLength(node.running.keeper.view.grants.length);
    expect([standing(), readiness()]).toEqual(['registered', 'ready']);
    // Nothing is told twice.
    node.running.pulse.give();
    await renewed();
    expect(node.calls('register')).toBe(2);
  });
});

describe('contact', () => {
  beforeEach(async () => {
    await node.start();
    await joins();
  });

  it('holds for two thirds of the stored network’s hold-down, and ADD is refused with code 11 from then on', async () => {
    cluster.isDown = true;
    node.pass(16 * hourMs - 1_000);
    expect(readiness()).toBe('ready');
    node.pass(1_000);
    expect(node.judgement()).toMatchObject({ readiness: 'fenced', refusal: { code: 'node.fenced', cni: 11 } });
    await node.restart();
    expect(readiness()).toBe('fenced');
  });

  it('is renewed although the underlay cannot be looked at', async () => {
    node.underlayFailure = new Error('no buffer space');
    await renewed();
    expect([standing(), node.calls('register')]).toEqual(['registered', 1]);
  });

  it('is renewed by a valid answer, which ends a fence, and by nothing else', async () => {
    cluster.isDown = true;
    node.pass(20 * hourMs);
    await renewed();
    expect(readiness()).toBe('fenced');
    expect(node.running.contact.ageMs()).toBe(20 * hourMs);
    cluster.isDown = false;
    await joins();
    expect(node.running.contact.ageMs()).toBe(0);
  });

  it('survives a reboot by the wall clock, and does not when that went back', async () => {
    cluster.isDown = true;
    await node.reboot(10 * hourMs);
    expect(readiness()).toBe('ready');
    await node.reboot(6 * hourMs);
    expect(readiness()).toBe('fenced');
    cluster.isDown = false;
    await joins();
    cluster.isDown = true;
    await node.reboot(-60_000);
    expect(node.judgement()).toMatchObject({
      readiness: 'fenced',
      refusal: { message: expect.stringContaining('went back') },
    });
    cluster.isDown = false;
    await joins();
  });
});

describe('a drained node whose disk takes nothing', () => {
  beforeEach(async () => {
    await drainsWithOne();
    await systemClock.sleep(1_100);
  });

  const fill = async (): Promise<void> => {
    await rename(node.dataDir, `${node.dataDir}-aside`);
    await writeFile(node.dataDir, 'no directory');
  };
  const empty = async (): Promise<void> => {
    await rm(node.dataDir);
    await rename(`${node.dataDir}-aside`, node.dataDir);
  };

  it('renews on, and gives its grants back when it can write again', async () => {
    await fill();
    node.attachments = 0;
    await renewed();
    await renewed();
    expect([node.calls('release'), standing()]).toEqual([0, 'registered']);
    await empty();
    await renewed();
    await expect.poll(() => cluster.nodeRecord('n1')?.subnets).toEqual([]);
  });

  it('says again that it gave them back when it could not write that down', async () => {
    node.settle = async () => (node.calls('release') === 0 ? fill() : undefined);
    node.attachments = 0;
    node.running.session.renewSoon();
    // The cluster took them back; the node cannot write down what it is answered.
    await expect.poll(standing, { timeout: 5_000 }).toBe('unreachable');
    expect([node.calls('release'), node.running.keeper.view.leaving.length]).toEqual([1, 2]);
    await empty();
    await expect.poll(standing, { timeout: 5_000 }).toBe('registered');
    node.running.session.renewSoon();
    await expect.poll(() => node.running.keeper.view.leaving).toEqual([]);
    expect(node.calls('release')).toBe(2);
  });
});

describe('another instance of the node id', () => {
  beforeEach(async () => {
    await node.start();
    await joins();
  });

  it('that takes over fences the old one at its next renewal, for good: only --take-over lets it register again', async () => {
    const other = await rival();
    await other.start({ takeOver: true });
    await joins(other);
    await renewed();
    await becomes('duplicate');
    expect(node.judgement().refusal).toMatchObject({ cni: 50, message: expect.stringContaining('--take-over') });
    expect(node.judgement().refusal?.message).toContain('wgcni token create --node n1');
    await node.running.ended;
    await other.stop();
    cluster.registrations.delete('n1');
    const asked = node.calls('register');
    await node.restart();
    await node.running.ended;
    await node.reboot(1_000);
    await node.running.ended;
    expect(readiness()).toBe('duplicate');
    expect(node.running.contact.ageMs()).toBeUndefined();
    expect(node.calls('register')).toBe(asked);
    await node.restart({ takeOver: true });
    await joins();
  });

  it('that came while the old one was down fences it too', async () => {
    await node.stop();
    cluster.registrations.delete('n1');
    const other = await rival();
    await other.start();
    await joins(other);
    await node.start();
    await becomes('duplicate');
    await node.running.ended;
    expect(await readIdentity(node.dataDir)).toMatchObject({ isSuperseded: true });
  });

  it('is only waited for by one that never was registered', async () => {
    const other = await rival();
    await other.start();
    await expect.poll(() => standing(other)).toBe('duplicate');
    cluster.registrations.delete('n1');
    await joins(other);
  });

  it.each([false, true])(
    'that joined with another key ends one for good, registered before or not (%s)',
    async (isKnown) => {
      const one = isKnown ? node : await rival();
      if (!isKnown) await node.stop();
      const refuse = async (): Promise<never> => {
        throw new CatalogueError('identity.replaced', 'n1 has joined with another key');
      };
      [cluster.manager.register, cluster.manager.renew] = [refuse, refuse];
      if (isKnown) one.running.session.renewSoon();
      else await one.start();
      await becomes('duplicate', one);
      await one.running.ended;
      expect([standing(one), one.running.contact.ageMs()]).toEqual(['superseded', undefined]);
      expect(await readIdentity(one.dataDir)).toMatchObject({ isSuperseded: true });
    },
  );

  it('is not taken over from again by the flag that a process was started with', async () => {
    await node.restart({ takeOver: true });
    await joins();
    // It registers while this one learns that its own registration is gone.
    cluster.manager.renew = async () => {
      cluster.registrations.set('n1', { instance: 'b'.repeat(32), isLive: true });
      throw new CatalogueError('registration.gone', 'its lease has ended');
    };
    node.running.session.renewSoon();
    await becomes('duplicate');
    expect(cluster.registrations.get('n1')?.instance).toBe('b'.repeat(32));
  });
});

describe('a node that was deleted', () => {
  beforeEach(async () => {
    await node.start();
    await joins();
  });

  it('evacuates, says so once the kernel has forgotten, and never registers again by itself', async () => {
    const grants = node.running.keeper.view.grants.map(({ grantId }) => grantId);
    let held: unknown;
    node.settle = async () => void (held = node.running.keeper.view.grants);
    await cluster.deleteNode('n1');
    await renewed();
    await becomes('deleted');
    await node.running.ended;
    expect(held).toEqual([]);
    // A later run must not give anything out before it is told again.
    expect(node.running.contact.ageMs()).toBeUndefined();
    expect(cluster.calls.findLast(({ name }) => name === 'release')?.input).toMatchObject({ grantIds: grants });
    const asked = node.calls('register');
    await node.restart();
    await node.running.ended;
    await node.reboot(1_000);
    await node.running.ended;
    expect([readiness(), node.calls('register')]).toEqual(['deleted', asked]);
    await node.restart({ takeOver: true });
    await joins();
  });

  it('evacuates after a crash between the record of it and the evacuation', async () => {
    await cluster.deleteNode('n1');
    // A disk that takes nothing more after the identity is what such a crash is like.
    node.running.keeper.surrender = () => new Promise(() => {});
    await renewed();
    await expect.poll(() => readIdentity(node.dataDir)).toMatchObject({ isDeleted: true });
    const { stop } = node.running;
    stop.abort(new Error('crash'));
    await node.start();
    await node.running.ended;
    expect(node.running.keeper.view).toMatchObject({ grants: [], leaving: [] });
    expect(node.calls('release')).toBe(1);
  });

  it('asks until somebody has heard that it has evacuated, also in a later run', async () => {
    node.settle = async () => void (cluster.isDown = true);
    await cluster.deleteNode('n1');
    await renewed();
    await expect.poll(() => node.calls('release')).toBeGreaterThan(1);
    await node.restart();
    await expect.poll(() => node.calls('release')).toBeGreaterThan(2);
    expect(node.running.keeper.view.leaving).toHaveLength(2);
    node.settle = async () => {};
    cluster.isDown = false;
    await node.running.ended;
    expect(node.running.keeper.view.leaving).toEqual([]);
  });

  it('does not go on asking once another instance has joined under its id', async () => {
    node.settle = async () => void cluster.registrations.set('n1', { instance: 'b'.repeat(32), isLive: true });
    await cluster.deleteNode('n1');
    await renewed();
    await node.running.ended;
    expect(node.calls('release')).toBe(1);
  });
});

describe('grants that are lost', () => {
  it('are given up for a tombstone, and others are asked for', async () => {
    await node.start();
    await joins();
    const before = node.running.keeper.view.grants;
    await cluster.deleteNode('n1');
    cluster.deleted.delete('n1');
    await node.watch();
    expect(node.running.keeper.view).toMatchObject({ grants: [], leaving: before });
    expect(readiness()).toBe('no-grant');
    node.running.session.renewSoon();
    // At once, not when the next renewal would be due.
    await expect.poll(readiness, { timeout: 500 }).toBe('ready');
    expect(node.running.keeper.view.grants).not.toEqual(before);
  });

  it('are not brought back by an answer that was long on its way', async () => {
    await node.start();
    await joins();
    const { keeper } = node.running;
    const { grants, grantsRevision } = keeper.view;
    await cluster.deleteNode('n1');
    await node.watch();
    const network = { ...cluster.network, ...optionsOf(cluster.network) };
    const late = { nodeId: 'n1', ttlSec: 3, draining: false, revision: grantsRevision, subnets: grants };
    await keeper.take({ ...late, network: { ...network, revision: 1 } });
    expect(keeper.view.grants).toEqual([]);
  });
});

describe('a drained node', () => {
  it('gives its grants back when its last attachment is gone, not before', async () => {
    await drainsWithOne();
    await systemClock.sleep(1_100);
    await renewed();
    expect(node.calls('release')).toBe(0);
    node.attachments = 0;
    await renewed();
    await expect.poll(() => cluster.nodeRecord('n1')?.subnets).toEqual([]);
    expect(readiness()).toBe('draining');
  });

  it('goes on draining when it restarts in an outage, and gives its grants back afterwards', async () => {
    await drainsWithOne();
    cluster.isDown = true;
    await node.restart();
    expect(readiness()).toBe('draining');
    node.attachments = 0;
    cluster.isDown = false;
    await expect.poll(standing, { timeout: 5_000 }).toBe('registered');
    await systemClock.sleep(1_100);
    node.running.session.renewSoon();
    await expect.poll(() => cluster.nodeRecord('n1')?.subnets).toEqual([]);
    cluster.draining.delete('n1');
    node.running.session.renewSoon();
    await joins();
    cluster.isDown = true;
    await node.restart();
    expect(readiness()).toBe('ready');
  });
});
