/** Whatever is added, removed and restored from a snapshot: who was seen to be removed is out, who was not stays, and nothing is had twice. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ClusterView, emptyView } from './cluster-view.ts';
import { isBarred } from './plan-clients.ts';
import { planView } from './plan-view.ts';
import type { ClientEntry, MeshSnapshot, Tombstone } from './snapshot.ts';

type Step =
  | { kind: 'add'; name: string; key: string }
  | { kind: 'remove'; name: string }
  | { kind: 'restore'; to: number }
  | { kind: 'look' };

interface Stored {
  revision: number;
  clients: ReadonlyMap<string, ClientEntry>;
  gone: readonly Tombstone[];
}

const names = ['a', 'b', 'c'];
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), name: fc.constantFrom(...names), key: fc.constantFrom('k', 'l') }),
  fc.record({ kind: fc.constant('remove' as const), name: fc.constantFrom(...names) }),
  fc.record({ kind: fc.constant('restore' as const), to: fc.nat(20) }),
  fc.constant({ kind: 'look' as const }),
);

/** A store with one node that looks at it now and then. */
class World {
  view: ClusterView = emptyView;
  /** Names of clients that may not go: seen, and not removed since. */
  readonly staying = new Set<string>();
  /** Keys that were seen to be removed and were not added since. */
  readonly cutOff = new Set<string>();
  #now: Stored = { revision: 1, clients: new Map(), gone: [] };
  readonly #history: Stored[] = [this.#now];
  readonly #removedUnseen = new Set<string>();

  do(step: Step): void {
    if (step.kind === 'add') this.#add(step.name, `${step.name}-${step.key}`);
    if (step.kind === 'remove') this.#remove(step.name);
    if (step.kind === 'restore') this.#restore(step.to % this.#history.length);
    // A store that is set back breaks every watch, and the node lists anew. One that was written past what the node knew before it did is not
    // told from one that went on: what is missing then stays, as design §4.6 has it.
    if (step.kind === 'look' || step.kind === 'restore') this.#look();
  }

  programmed(): { name: string; publicKey: string; addresses: readonly string[] }[] {
    return (this.view.clients ?? []).filter((client) => !isBarred(client, this.view.departed));
  }

  #add(name: string, publicKey: string): void {
    const revision = this.#now.revision + 1;
    const clients = new Map(this.#now.clients);
    const addresses = [`10.80.0.${names.indexOf(name) + 2}`];
    clients.set(name, { name, publicKey, addresses, via: null, reachable: false, modRevision: revision });
    this.cutOff.delete(publicKey);
    this.#removedUnseen.delete(publicKey);
    this.staying.delete(name);
    this.#commit({ ...this.#now, revision, clients });
  }

  #remove(name: string): void {
    const before = this.#now.clients.get(name);
    if (before === undefined) return;
    const revision = this.#now.revision + 1;
    const clients = new Map(this.#now.clients);
    clients.delete(name);
    const { publicKey } = before;
    const tombstone: Tombstone = {
      ...{ kind: 'client', why: 'deleted', nodeId: `client/${name}`, publicKey, subnets: [], modRevision: revision },
    };
    this.staying.delete(name);
    this.#removedUnseen.add(publicKey);
    this.#commit({
      revision,
      clients,
      gone: [...this.#now.gone.filter((one) => one.publicKey !== publicKey), tombstone],
    });
  }

  /** What came after the snapshot never was. */
  #restore(index: number): void {
    this.#now = this.#history[index] ?? this.#now;
    this.#history.length = index + 1;
    // A removal that nobody saw may be of a life that never was: what is older than that life does not end it.
    this.#removedUnseen.clear();
  }

  #commit(next: Stored): void {
    this.#now = next;
    this.#history.push(next);
  }

  #look(): void {
    const { revision, clients, gone } = this.#now;
    const snapshot: MeshSnapshot = {
      ...{ revision, network: undefined, nodes: [], clients: [...clients.values()], draining: [], gone: [...gone] },
      ...{ quarantined: [], quarantinedNodes: [], quarantinedClients: [], containers: [] },
    };
    this.view = planView(this.view, snapshot, 'self').view;
    for (const { publicKey } of gone) if (this.#removedUnseen.has(publicKey)) this.cutOff.add(publicKey);
    const inUse = new Set([...clients.values()].map(({ publicKey }) => publicKey));
    for (const { name, publicKey } of this.programmed()) if (inUse.has(publicKey)) this.staying.add(name);
  }
}

it('holds after every look', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = new World();
      for (const each of steps) {
        world.do(each);
        if (each.kind !== 'look' && each.kind !== 'restore') continue;
        const programmed = world.programmed();
        expect(programmed.filter(({ publicKey }) => world.cutOff.has(publicKey))).toEqual([]);
        const had = programmed.flatMap(({ publicKey, addresses }) => [publicKey, ...addresses]);
        expect(had).toHaveLength(new Set(had).size);
        expect(programmed.filter(({ publicKey }) => world.view.departed.includes(publicKey))).toEqual([]);
        expect([...world.staying].filter((name) => !programmed.some((one) => one.name === name))).toEqual([]);
      }
    }),
    { numRuns: 500 },
  );
});
