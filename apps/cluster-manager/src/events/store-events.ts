/** Tells of what changed in the store: each change of the watch, held against what this replica knew of the key before. */
import type { Static, TSchema } from '@sinclair/typebox';
import type { Happening } from '@wgcni/api/server';
import {
  type Change,
  ClientRecord,
  decodeRecord,
  GoneRecord,
  type Keys,
  LeaderRecord,
  NetworkRecord,
  NodeRecord,
  RegistrationRecord,
  type StoredKey,
  SubnetRecord,
} from '@wgcni/store';
import {
  clientChanges,
  departures,
  leaderChange,
  networkChanges,
  nodeChanges,
  registrationChanges,
  subnetChanges,
  type Turn,
} from './changes-of.ts';

/** What stood under a key, and what stands there now. */
interface Changed {
  key: string;
  before: StoredKey | undefined;
  after: StoredKey | undefined;
}

export class StoreEvents {
  readonly #keys: Keys;
  readonly #tell: (happening: Happening) => void;
  /** What is told of, as it was seen last: the values are those that the reflector holds. */
  #known = new Map<string, StoredKey>();
  #hasListed = false;

  constructor(keys: Keys, tell: (happening: Happening) => void) {
    this.#keys = keys;
    this.#tell = tell;
  }

  /**
   * Follows the reflector. Of the first list nothing is told: that is how things are, not what happened. A later one, after a watch that broke, is held against what
   * was known: what came and went between the two is not seen.
   */
  follow(change: Change): void {
    const changed = change.kind === 'snapshot' ? this.#list(change.items) : this.#step(change.events);
    const isFirst = !this.#hasListed;
    this.#hasListed = true;
    if (!isFirst) for (const each of changed) this.#happenings(each).forEach(this.#tell);
  }

  #list(items: ReadonlyMap<string, StoredKey>): Changed[] {
    const before = this.#known;
    this.#known = new Map([...items].filter(([key]) => this.#isToldOf(key)));
    const keys = new Set([...before.keys(), ...this.#known.keys()]);
    return [...keys]
      .map((key) => ({ key, before: before.get(key), after: this.#known.get(key) }))
      .filter((each) => each.before?.modRevision !== each.after?.modRevision);
  }

  /** In the order of the store; each key's turn once all of the batch is known, so that what belongs together is seen together. */
  #step(events: Extract<Change, { kind: 'delta' }>['events']): Changed[] {
    return events.flatMap((event): Changed[] => {
      const key = event.kind === 'put' ? event.item.key : event.key;
      if (!this.#isToldOf(key)) return [];
      const before = this.#known.get(key);
      const after = event.kind === 'put' ? event.item : undefined;
      if (after === undefined) this.#known.delete(key);
      else this.#known.set(key, after);
      return [{ key, before, after }];
    });
  }

  #isToldOf(key: string): boolean {
    const { network, leader, nodes, registrations, subnets, gone, clients } = this.#keys;
    return (
      key === network ||
      key === leader ||
      [nodes, registrations, subnets, gone, clients].some((prefix) => key.startsWith(prefix))
    );
  }

  #happenings(changed: Changed): Happening[] {
    const { key } = changed;
    const { network, leader, nodes, registrations, subnets, gone } = this.#keys;
    if (key === network) return networkChanges(turnOf(NetworkRecord, changed));
    if (key === leader) {
      const { before, after } = turnOf(LeaderRecord, changed);
      return leaderChange(before?.replicaId, after?.replicaId);
    }
    if (key.startsWith(registrations)) {
      const nodeId = key.slice(registrations.length);
      return registrationChanges(nodeId, turnOf(RegistrationRecord, changed), this.#known.has(nodes + nodeId));
    }
    if (key.startsWith(nodes)) return nodeChanges(turnOf(NodeRecord, changed));
    if (key.startsWith(subnets)) return subnetChanges(turnOf(SubnetRecord, changed));
    if (key.startsWith(gone)) return departures(turnOf(GoneRecord, changed));
    return clientChanges(turnOf(ClientRecord, changed));
  }
}

/** What cannot be read is as if it were not there: its quarantine is told of elsewhere. */
function turnOf<T extends TSchema>(schema: T, { before, after }: Changed): Turn<Static<T>> {
  return { before: read(schema, before), after: read(schema, after) };
}

function read<T extends TSchema>(schema: T, item: StoredKey | undefined): Static<T> | undefined {
  const decoded = item === undefined ? undefined : decodeRecord(schema, item);
  return decoded?.kind === 'record' ? decoded.record : undefined;
}
