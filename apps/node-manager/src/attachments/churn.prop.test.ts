/** Churn: whatever is asked for, killed and restarted in whatever order, allocations equal live attachments. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Attachments } from './attachments.ts';
import { nodeEndOf } from './links/veth/veth-names.ts';
import { FakeNode, inputFor, keyNamed, patient } from './fake-node.ts';

const containers = ['a', 'b', 'c', 'd'];
const action = fc.oneof(
  fc.record({ kind: fc.constantFrom('add', 'add-and-answer', 'delete', 'die'), of: fc.constantFrom(...containers) }),
  fc.record({ kind: fc.constant('restart'), of: fc.constant('') }),
  fc.record({
    kind: fc.constant('fail'),
    of: fc.constantFrom('devices.create', 'devices.configure', 'iproute.apply', 'devices.change', 'devices.remove'),
  }),
);

describe.each(['wireguard', 'veth'] as const)('churn over %s', (link) => {
  it('leaves as many allocations, peers and devices as there are attachments, all different', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 25 }), async (actions) => {
        const node = await nodeWith(link);
        const paths = new Map(containers.map((name) => [name, node.namespace(name)]));
        let attachments = await node.start();
        for (const { kind, of } of actions) {
          if (kind === 'restart') attachments = await node.start();
          else if (kind === 'fail') failOnce(node, of);
          else await perform(node, attachments, { kind, of, path: paths.get(of) ?? '' });
        }
        node.failCall = () => {};
        // A failed rollback or DEL waits for its next try, which a restart is.
        attachments = await node.start();
        for (const shown of attachments.list().filter(({ state }) => state === 'reserved'))
          await attachments.release(shown);
        await expectWhole(node, attachments);
        for (const name of containers) await attachments.release(keyNamed(name));
        expect(await node.residue([])).toMatchObject({ allowed: [] });
        await node.close();
      }),
      { numRuns: 40 },
    );
  });

  it('of parallel requests for one container ends in one attachment or none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('add', 'delete'), { minLength: 2, maxLength: 12 }), async (kinds) => {
        const node = await nodeWith(link);
        const path = node.namespace('a');
        const attachments = await node.start();
        await Promise.all(kinds.map((kind) => perform(node, attachments, { kind, of: 'a', path })));
        expect(attachments.counts().total).toBe(kinds.at(-1) === 'add' ? 1 : 0);
        await expectWhole(node, attachments);
        await node.close();
      }),
      { numRuns: 20 },
    );
  });
});

async function nodeWith(link: FakeNode['link']): Promise<FakeNode> {
  const node = await FakeNode.make();
  node.link = link;
  return node;
}

async function perform(
  node: FakeNode,
  attachments: Attachments,
  { kind, of, path }: { kind: string; of: string; path: string },
): Promise<void> {
  const key = keyNamed(of);
  if (kind === 'die') return node.kill(key);
  const work = kind === 'delete' ? attachments.release(key) : attachments.attach(key, inputFor(path), patient(node));
  const outcome = await work.then(
    () => 'done',
    () => 'failed',
  );
  if (kind === 'add-and-answer' && outcome === 'done') await attachments.answered(key);
}

function failOnce(node: FakeNode, name: string): void {
  let isOver = false;
  node.failCall = (called) => {
    if (called !== name || isOver) return;
    isOver = true;
    throw new Error('injected');
  };
}

async function expectWhole(node: FakeNode, attachments: Attachments): Promise<void> {
  const shown = attachments.list();
  const addresses = shown.flatMap((one) => one.addresses.map(({ address }) => address));
  expect(new Set(addresses).size).toBe(addresses.length);
  const ports = shown.filter(({ link }) => link === undefined).map(({ listenPort }) => listenPort);
  expect(new Set(ports).size).toBe(ports.length);
  expect(attachments.addressUse().map(({ taken }) => taken)).toEqual([shown.length, shown.length]);
  // The peer of a dead process stays until that is made anew; with a veth its routes are gone.
  const { nodeEnds } = (await node.residue([])) as { nodeEnds: string[] };
  const reached = shown.filter((one) => one.link === undefined || nodeEnds.includes(nodeEndOf('node-1', one)));
  expect(await node.allowed()).toEqual(reached.flatMap((one) => one.addresses.map(({ address }) => address)).sort());
}
