/** A subnet that is lost while something is being attached to it: nothing of it stays in the kernel, nobody is told an address of it. */
import { CatalogueError } from '@wgcni/base';
import { systemKeys } from '@wgcni/wg';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
const add = () => attachments.attach(key, inputFor(netns), patient(node));
const nothingHeld = viewOf([]);

/** Does something when that many more port calls were made; resolves with when it is done. */
function atCall(number: number, work: () => Promise<void>): () => Promise<void> {
  const at = node.calls.length + number;
  let working: Promise<void> | undefined;
  node.failCall = () => {
    if (node.calls.length === at) working ??= work();
  };
  return async () => {
    node.failCall = () => {};
    await working;
  };
}

async function callsOfAdd(): Promise<number> {
  const before = node.calls.length;
  await add();
  const made = node.calls.length - before;
  await attachments.release(key);
  return made;
}

describe('a subnet that is lost', () => {
  it.each(['wireguard', 'veth'] as const)(
    'at any step of an ADD over %s leaves nothing of it, and the ADD is refused',
    async (link) => {
      node.link = link;
      await attachments.setView(node.view());
      const calls = await callsOfAdd();
      const before = await node.residue([netns]);
      for (let call = 1; call <= calls; call += 1) {
        let changesUntilThen = Infinity;
        const evacuated = atCall(call, async () => {
          await attachments.setView(node.view([]));
          changesUntilThen = node.devices.changed.length;
        });
        await expect(add(), `call ${call}`).rejects.toMatchObject({
          code: expect.stringMatching(/unavailable|try.again/),
        });
        await evacuated();
        // Once the evacuation is over the cluster is told so: nothing may come onto the device any more.
        const later = node.devices.changed.slice(changesUntilThen).flatMap(({ changes }) => changes);
        expect(
          later.filter(({ kind }) => kind === 'add'),
          `call ${call}`,
        ).toEqual([]);
        expect(await node.allowed(), `call ${call}`).toEqual([]);
        expect(attachments.list(), `call ${call}`).toEqual([]);
        await attachments.setView(node.view());
        expect(await node.residue([netns]), `call ${call}`).toEqual(before);
      }
    },
  );

  it('while an ADD is being recorded lets no peer onto the device once the evacuation is over', async () => {
    const before = node.devices.changed.length;
    const adding = expect(add()).rejects.toMatchObject({ code: 'node.unavailable' });
    while (!node.reached.includes('add/addresses taken')) await setImmediate();
    await attachments.setView(nothingHeld);
    await adding;
    const changes = node.devices.changed.slice(before).flatMap((one) => one.changes);
    expect(changes.filter(({ kind }) => kind === 'add')).toEqual([]);
  });

  it('keeps its attachments listed as orphaned, refuses CHECK with code 51, and lets DEL through', async () => {
    const { addresses } = await add();
    await attachments.setView(nothingHeld);
    const [shown] = attachments.list();
    expect(shown).toMatchObject({ state: 'orphaned', addresses });
    const check = attachments.check(key, { netns, addresses: addresses.map(({ address }) => address) });
    await expect(check).rejects.toMatchObject({ code: 'node.limited', cni: 51 });
    await attachments.release(key);
    expect(attachments.list()).toEqual([]);
    expect(await node.residue([netns])).toMatchObject({ allowed: [], links: [['lo']] });
  });

  it('stays orphaned when the node gets another one, from which new attachments come', async () => {
    await add();
    await attachments.setView(viewOf(['10.64.9.0/28', 'fd64:0:0:9::/64']));
    const two = await attachments.attach(keyNamed('c2'), inputFor(node.namespace('two')), patient(node));
    expect(two.addresses[0]?.address).toBe('10.64.9.2/32');
    expect(attachments.counts()).toEqual({ total: 2, orphaned: 1, adopted: 0 });
    expect(await node.allowed()).toEqual(['10.64.9.2/32', 'fd64:0:0:9::2/128']);
  });

  it('lets no peer of a claimed address onto the device, neither then nor while it is claimed', async () => {
    await attachments.allocateAddress('vm', {});
    const claim = () => attachments.claimKey('vm', { publicKey: systemKeys.generate().publicKey });
    const claiming = claim();
    // The claim is being written; the evacuation is through before its peer has its turn on the device.
    await setImmediate();
    const evacuating = attachments.setView(nothingHeld);
    await Promise.all([claiming, evacuating]);
    expect(await node.allowed()).toEqual([]);
    await claim();
    expect(await node.allowed()).toEqual([]);
  });
});

describe('a node that is fenced', () => {
  it('while an ADD is under way refuses it at its end, and nothing of it is left', async () => {
    const calls = await callsOfAdd();
    const before = await node.residue([netns]);
    const fenced = atCall(calls, async () => {
      node.refusal = new CatalogueError('node.fenced', 'the machine slept for 20 h');
    });
    await expect(add()).rejects.toMatchObject({ cni: 11 });
    await fenced();
    expect(await node.residue([netns])).toEqual(before);
  });
});
