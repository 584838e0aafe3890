/** A node-manager that ends at any point and starts again over the same kernel and disk: nothing moves, nothing is given twice. */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { podsRef } from '../pods/pods-device.ts';
import type { Attachments } from './attachments.ts';
import { FakeNode, inputFor, keyNamed, patient, viewOf } from './fake-node.ts';

let node: FakeNode;
let attachments: Attachments;
let netns: string;
beforeEach(async () => {
  node = await FakeNode.make();
  attachments = await node.start();
  netns = node.namespace('one');
});
afterEach(() => node.close());

const key = keyNamed('c1');
const add = (one = key, path = netns) => attachments.attach(one, inputFor(path), patient(node));
const links = ['wireguard', 'veth'] as const;
const restart = async () => (attachments = await node.start());

describe('a restart', () => {
  it('touches neither device nor peer, and knows what it gave', async () => {
    const given = await add();
    await attachments.answered(key);
    const writes = node.devices.changed.length;
    const kernelWrites = node.kernel.applied.length;
    await restart();
    expect(node.devices.changed.length).toBe(writes);
    expect(node.kernel.applied.length).toBe(kernelWrites);
    expect(attachments.get(key)).toEqual({ ...given, state: 'answered' });
    expect((await add(keyNamed('c2'), node.namespace('two'))).addresses).not.toEqual(given.addresses);
  });

  it.each(links)('at any step of an ADD over %s leaves nothing of it, or all of it', async (link) => {
    node.link = link;
    await restart();
    const before = await node.residue([netns]);
    const start = node.calls.length;
    await add();
    const steps = node.calls.length - start;
    await attachments.release(key);
    for (let step = 1; step <= steps; step += 1) {
      const killedAt = node.calls.length + step;
      // From the moment of the kill on no call of the old process reaches anything.
      node.failCall = (_, number) => {
        if (number >= killedAt) throw new Error('killed');
      };
      await expect(add()).rejects.toThrow();
      node.failCall = () => {};
      await restart();
      const kept = attachments.list();
      if (kept.length > 0) await attachments.release(key);
      expect(
        kept.every(({ state }) => state === 'attached'),
        `step ${step}`,
      ).toBe(true);
      expect(await node.residue([netns]), `step ${step}`).toEqual(before);
    }
  });

  it.each(links)('at any step of a DEL over %s can be followed by another DEL, which leaves nothing', async (link) => {
    node.link = link;
    await restart();
    const before = await node.residue([netns]);
    await add();
    const start = node.calls.length;
    await attachments.release(key);
    const steps = node.calls.length - start;
    for (let step = 1; step <= steps; step += 1) {
      await add();
      const killedAt = node.calls.length + step;
      node.failCall = (_, number) => {
        if (number >= killedAt) throw new Error('killed');
      };
      await attachments.release(key).catch(() => undefined);
      node.failCall = () => {};
      await restart();
      await attachments.release(key);
      expect(await node.residue([netns]), `step ${step}`).toEqual(before);
    }
  });

  it('between attach and answer lets the retry succeed', async () => {
    await add();
    await restart();
    expect((await add()).state).toBe('attached');
    expect(attachments.counts().total).toBe(1);
  });

  it('restores a peer, a gateway and a route that were removed meanwhile', async () => {
    await add();
    const allowed = await node.allowed();
    for (const change of node.devices.changed.splice(0)) {
      const keys = change.changes.flatMap((one) => (one.kind === 'add' ? [one.peer.publicKey] : []));
      await node.devices.change(
        { id: change.id, name: 'wgcni-pods' },
        keys.map((publicKey) => ({ kind: 'remove', publicKey })),
      );
    }
    const address = { link: 'wgcni-pods', address: '10.64.3.1', prefixLength: 32 };
    await node.kernel.apply([{ kind: 'remove-address', ...address }], undefined);
    expect(await node.allowed()).toEqual([]);
    await restart();
    expect(await node.allowed()).toEqual(allowed);
    const { addresses, routes } = await node.kernel.observe(undefined);
    expect(addresses.map((one) => one.address)).toContain('10.64.3.1');
    expect(routes.map(({ destination }) => destination)).toEqual(
      expect.arrayContaining(['10.64.3.0/28', 'fd64:0:0:3::/64']),
    );
  });

  it('makes the pods device anew with every peer when it is gone', async () => {
    await add();
    const allowed = await node.allowed();
    for (const id of (await node.devices.liveIds('wg')).filter((one) => one === attachmentsPods()))
      node.devices.die(id);
    expect(await node.allowed()).toEqual([]);
    await restart();
    expect(await node.allowed()).toEqual(allowed);
    const greetings = node.devices.changed
      .slice(-2)
      .map(({ changes }) => changes.map((one) => 'keepaliveSec' in one && one.keepaliveSec));
    expect(greetings).toEqual([[1], [0]]);
  });

  it('passes over a record that cannot be read, and gives its address to nobody', async () => {
    const given = await add();
    const directory = join(node.dataDir, 'attachments');
    const [name = ''] = await readdir(directory);
    await writeFile(join(directory, name), '{"schema":1,');
    await restart();
    expect(attachments.quarantined).toEqual([join(directory, name)]);
    expect(attachments.list()).toMatchObject([{ state: 'adopted', addresses: given.addresses }]);
  });
});

describe('a kernel that refuses at the start', () => {
  it('keeps DEL served, and is asked again within 2 s', async () => {
    await add();
    await add(keyNamed('c2'), node.namespace('two'));
    const allowed = await node.allowed();
    node.devices.die(podsRef('node-1').id);
    node.failCall = (name) => {
      if (name === 'devices.create') throw new Error('injected');
    };
    await restart();
    await attachments.release(key);
    node.failCall = () => {};
    await running(async () => {
      await pass(2);
      await expect.poll(() => node.allowed()).toEqual(allowed.filter((cidr) => /3$/.test(cidr.replace(/\/.*/, ''))));
    });
  });
});

describe('a lost data directory', () => {
  beforeEach(async () => {
    await add();
    await attachments.answered(key);
    await rm(node.dataDir, { recursive: true });
  });

  it('costs no peer: each is adopted with its addresses and port', async () => {
    const [before] = attachments.list();
    const allowed = await node.allowed();
    await restart();
    expect(await node.allowed()).toEqual(allowed);
    expect(attachments.list()).toMatchObject([
      { state: 'adopted', addresses: before?.addresses, listenPort: before?.listenPort },
    ]);
    expect(attachments.counts()).toEqual({ total: 1, orphaned: 0, adopted: 1 });
    const other = await add(keyNamed('c2'), node.namespace('two'));
    expect(other.addresses[0]?.address).toBe('10.64.3.3/32');
    expect(other.listenPort).not.toBe(before?.listenPort);
  });

  it('is made good when the runtime names the container: by CHECK, by ADD and by DEL', async () => {
    const [before] = attachments.list();
    await restart();
    await attachments.check(key, { netns, addresses: ['10.64.3.2/32'] });
    expect(attachments.list()).toMatchObject([{ ...before, state: 'answered' }]);
    await expect(add()).rejects.toMatchObject({ code: 'interface.exists' });
    await attachments.release(key);
    expect(attachments.list()).toEqual([]);
    expect(await node.allowed()).toEqual([]);
  });

  it('and an adopted attachment can be deleted by the name it is listed under', async () => {
    await restart();
    const [adopted] = attachments.list();
    if (adopted !== undefined) await attachments.release(adopted);
    expect(await node.residue([netns])).toEqual({
      devices: [attachmentsPods()],
      allowed: [],
      links: [['lo']],
      nodeEnds: [],
    });
  });
});

describe('a reboot', () => {
  it('lets the runtime add the same container again', async () => {
    const given = await add();
    await attachments.answered(key);
    await node.reboot([netns]);
    await restart();
    netns = node.namespace('one');
    expect((await add()).publicKey).not.toBe(given.publicKey);
    expect(attachments.counts().total).toBe(1);
  });

  it('frees what nobody asks for after two observations 30 s apart, all of it', async () => {
    await add();
    await add(keyNamed('c2'), node.namespace('two'));
    await node.reboot([netns, '/run/netns/two']);
    await restart();
    await running(async () => {
      await pass(31);
      expect(attachments.counts().total).toBe(2);
      await pass(31);
      await expect.poll(() => attachments.counts().total).toBe(0);
    });
    expect(await node.allowed()).toEqual([]);
  });
});

describe('a container that dies without a DEL', () => {
  const others = [2, 3, 4].map((index) => keyNamed(`c${index}`));
  beforeEach(async () => {
    await add();
    for (const one of others) await add(one, node.namespace(one.containerId));
  });

  it('is freed after two observations 30 s apart, and only it', async () => {
    node.kernel.removeNamespace(netns);
    node.kill(key);
    await running(async () => {
      await pass(31);
      expect(attachments.counts().total).toBe(4);
      await pass(31);
      await expect.poll(() => attachments.counts().total).toBe(3);
    });
    expect(attachments.list().map(({ containerId }) => containerId)).toEqual(['c2', 'c3', 'c4']);
  });

  it('together with more than half of all is kept, with an alarm', async () => {
    for (const one of [key, ...others.slice(0, 2)]) {
      node.kernel.removeNamespace(one === key ? netns : `/run/netns/${one.containerId}`);
      node.kill(one);
    }
    await running(async () => {
      for (let time = 0; time < 4; time += 1) await pass(31);
      await expect.poll(() => node.events.map(({ event }) => event)).toContain('attachments.mostly-dead');
    });
    expect(attachments.counts().total).toBe(4);
  });

  it('is kept while its port is still bound, however hidden its namespace is', async () => {
    node.kernel.removeNamespace(netns);
    node.foreignPorts.add(attachments.get(key).listenPort);
    await running(async () => {
      for (let time = 0; time < 4; time += 1) await pass(31);
    });
    expect(attachments.counts().total).toBe(4);
  });
});

describe('a userspace process that dies', () => {
  it('is replaced within 2 s: another key, everything else the same', async () => {
    const before = await add();
    node.kill(key);
    await running(async () => {
      node.clock.pass(2_000);
      await expect.poll(() => node.events.map(({ event }) => event)).toContain('attachment.revived');
    });
    const after = attachments.get(key);
    expect(after.publicKey).not.toBe(before.publicKey);
    expect(after).toEqual({ ...before, publicKey: after.publicKey });
    await attachments.check(key, { netns, addresses: before.addresses.map(({ address }) => address) });
    expect(await node.allowed()).toEqual(before.addresses.map(({ address }) => address));
  });

  it('is replaced later when the first try fails half-way', async () => {
    await add();
    node.kill(key);
    let failures = 0;
    node.failCall = (name) => {
      if (name === 'devices.configure' && failures++ === 0) throw new Error('injected');
    };
    await running(async () => {
      await pass(2);
      await expect.poll(() => node.events.map(({ event }) => event)).toContain('attachment.revive-failed');
      await pass(2);
      await expect.poll(() => node.events.map(({ event }) => event)).toContain('attachment.revived');
    });
    await attachments.check(key, { netns, addresses: [] });
  });

  it('that was the pods device is replaced with every peer', async () => {
    await add();
    const allowed = await node.allowed();
    node.devices.die(attachmentsPods());
    await running(async () => {
      await pass(2);
      await expect.poll(() => node.allowed()).toEqual(allowed);
    });
  });
});

describe('a new view', () => {
  it('that lost a grant orphans its attachments, withdraws peer and route, and renumbers nothing', async () => {
    const given = await add();
    await attachments.setView(viewOf(['10.64.9.0/28', 'fd64:0:0:9::/64']));
    expect(attachments.get(key)).toMatchObject({ state: 'orphaned', addresses: given.addresses });
    expect(attachments.counts().orphaned).toBe(1);
    expect(await node.allowed()).toEqual([]);
    const { routes, addresses } = await node.kernel.observe(undefined);
    expect(routes.map(({ destination }) => destination)).toEqual(['10.64.9.0/28', 'fd64:0:0:9::/64']);
    expect(addresses.map(({ address }) => address)).toEqual(['10.64.9.1', 'fd64:0:0:9::1']);
    await expect(attachments.check(key, { netns, addresses: [] })).rejects.toMatchObject({ cni: 51 });
  });

  it('that has the grant again makes them whole, with their addresses still taken', async () => {
    const given = await add();
    await attachments.setView(viewOf(['10.64.9.0/28']));
    await attachments.setView(viewOf());
    expect(attachments.get(key).state).toBe('attached');
    expect(await node.allowed()).toEqual(given.addresses.map(({ address }) => address));
    expect((await add(keyNamed('c2'), node.namespace('two'))).addresses[0]?.address).toBe('10.64.3.3/32');
  });

  it('that says the same writes nothing', async () => {
    await add();
    const writes = [node.devices.changed.length, node.kernel.applied.length];
    await attachments.setView(viewOf());
    expect([node.devices.changed.length, node.kernel.applied.length]).toEqual(writes);
  });
});

function attachmentsPods(): string {
  return podsRef('node-1').id;
}

async function running(work: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const loops = attachments.run(stop.signal);
  try {
    await work();
  } finally {
    stop.abort();
    await loops;
  }
}

/** Moves time on by seconds, and lets everything that was due finish. */
async function pass(seconds: number): Promise<void> {
  node.clock.pass(seconds * 1_000);
  await new Promise((resolve) => setTimeout(resolve, 60));
}
