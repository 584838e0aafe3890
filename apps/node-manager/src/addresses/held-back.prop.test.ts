/** Containers come and go while others remember them for any time: no address is given that somebody still sends past the node to. */
import type { PublicKey } from '@wgcni/wg';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Attachments } from '../attachments/index.ts';
import { FakeNode, inputFor, keyNamed, patient, viewOf } from '../attachments/fake-node.ts';

const names = ['a', 'b', 'c', 'd'];
const action = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('add', 'delete'), of: fc.constantFrom(...names) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('forget'), of: fc.constantFrom(...names) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose subnets'), of: fc.constant('') }) },
);

/** Neighbours that remember everybody until they are told to forget. */
class Memory {
  readonly #waiting = new Map<PublicKey, () => void>();
  readonly addresses = new Map<PublicKey, string[]>();

  changed(): void {}

  forgotten(publicKey: PublicKey): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(publicKey, resolve));
  }

  get remembered(): string[] {
    return [...this.#waiting.keys()].flatMap((publicKey) => this.addresses.get(publicKey) ?? []);
  }

  async forget(which: number): Promise<void> {
    const [publicKey, resolve] = [...this.#waiting][which] ?? [];
    if (publicKey !== undefined) this.#waiting.delete(publicKey);
    resolve?.();
    // What waits for it goes on before anything else is asked for.
    await new Promise((over) => setImmediate(over));
  }
}

it('no address is given while it is remembered, and none is lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 4, maxLength: 30 }), async (actions) => {
      const node = await FakeNode.make();
      const memory = new Memory();
      const attachments = await Attachments.open({ ...node.deps(), neighbours: memory });
      await attachments.start(viewOf());
      const paths = new Map(names.map((name) => [name, node.namespace(name)]));
      for (const { kind, of } of actions) {
        if (kind === 'forget') await memory.forget(names.indexOf(of));
        else if (kind === 'delete') await attachments.release(keyNamed(of));
        else if (kind === 'add') await add(of);
        else {
          await attachments.setView(viewOf(['10.64.9.0/28', 'fd64:0:0:9::/64']));
          await attachments.setView(viewOf());
        }
        const used = attachments.list().flatMap(({ addresses }) => addresses.map(({ address }) => address));
        expect(used.filter((address) => memory.remembered.includes(address))).toEqual([]);
        expect(new Set(used).size).toBe(used.length);
      }
      for (const name of names) await attachments.release(keyNamed(name));
      while (memory.remembered.length > 0) await memory.forget(0);
      expect(attachments.addressUse().map(({ taken }) => taken)).toEqual([0, 0]);
      await node.close();

      async function add(name: string): Promise<void> {
        // With thirteen addresses held back the subnet is full.
        const adding = attachments.attach(keyNamed(name), inputFor(paths.get(name) ?? ''), patient(node));
        const attached = await adding.catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'pool.exhausted' });
          return undefined;
        });
        if (attached === undefined) return;
        const addresses = attached.addresses.map(({ address }) => address);
        memory.addresses.set(attached.publicKey as PublicKey, addresses);
      }
    }),
    // Each run writes every record to the disk: with more of them, or a search for a shorter one, a busy machine takes longer than a test may.
    { numRuns: 12, endOnFailure: true },
  );
});
