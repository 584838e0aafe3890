/** What is held back is not given; who asks for just that waits for it, but not for long. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Attachments } from '../attachments/index.ts';
import { FakeNode, inputFor, keyNamed, patient, viewOf } from '../attachments/fake-node.ts';
import { patienceMs } from './held-back.ts';

let node: FakeNode;
let attachments: Attachments;
let forget: () => void;

beforeEach(async () => {
  node = await FakeNode.make();
  const forgotten = new Promise<void>((resolve) => (forget = resolve));
  const neighbours = { changed: () => {}, forgotten: () => forgotten };
  attachments = await Attachments.open({ ...node.deps(), neighbours });
  await attachments.start(viewOf(['10.64.3.0/30']));
});
afterEach(() => node.close());

describe('an address that a neighbour remembers', () => {
  it('does not hold up the DEL, and is not given: a subnet with no other is exhausted at once', async () => {
    await addAndDelete();
    expect(node.reached).toContain('del/address freed');
    expect(attachments.list()).toEqual([]);
    await expect(add('two')).rejects.toMatchObject({ code: 'pool.exhausted' });
    forget();
    await expect.poll(() => attachments.addressUse()[0]?.taken).toBe(0);
    await add('two');
  });

  it('is given to whoever asks for it once it is forgotten', async () => {
    const address = await addAndDelete();
    const adding = add('two', [`${address}/30`]);
    await expect.poll(() => node.clock.sleepers).toBe(1);
    forget();
    expect((await adding).addresses).toMatchObject([{ address: `${address}/32` }]);
    expect(node.clock.sleepers).toBe(0);
  });

  it('is unavailable to whoever asks for it when that takes longer than some seconds', async () => {
    const address = await addAndDelete();
    const [adding, allocating] = [add('two', [address]), allocate([address])];
    await expect.poll(() => node.clock.sleepers).toBe(2);
    node.clock.pass(patienceMs);
    await expect(adding).rejects.toMatchObject({ code: 'address.unavailable' });
    await expect(allocating).rejects.toMatchObject({ code: 'address.unavailable' });
  });

  it('is not waited for when the caller has gone', async () => {
    const address = await addAndDelete();
    const caller = new AbortController();
    const adding = attachments.attach(keyNamed('two'), inputFor(node.namespace('two'), { requestedIps: [address] }), {
      ...patient(node),
      signal: caller.signal,
    });
    await expect.poll(() => node.clock.sleepers).toBe(1);
    caller.abort();
    await expect(adding).rejects.toMatchObject({ code: 'address.unavailable' });
  });

  it('is free for a node-manager that starts again', async () => {
    await addAndDelete();
    attachments = await node.start(viewOf(['10.64.3.0/30']));
    await add('two');
  });
});

function add(name: string, requestedIps: string[] = []) {
  return attachments.attach(keyNamed(name), inputFor(node.namespace(name), { requestedIps }), patient(node));
}

function allocate(requestedIps: string[]) {
  return attachments.allocateAddress('three', { requestedIps });
}

async function addAndDelete(): Promise<string> {
  const { addresses } = await add('one');
  await attachments.release(keyNamed('one'));
  return addresses[0]?.address.replace(/\/.*$/, '') ?? '';
}
