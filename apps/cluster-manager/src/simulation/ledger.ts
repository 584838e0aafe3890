/** The store as it truly is, kept by every commit: what the checks judge by. */
import type {
  ClientAddressRecord,
  ClientLifeRecord,
  ClientRecord,
  GoneRecord,
  KeyClaimRecord,
  LeaderRecord,
  NodeRecord,
  RegistrationRecord,
  SubnetRecord,
  Keys,
  StoredKey,
  WatchEvent,
} from '@wgcni/store';
import type { Commit } from './store-server.ts';

/** What one commit does to one key, before and after. */
export type Change =
  | { family: 'subnet'; key: string; before: SubnetRecord | undefined; after: SubnetRecord | undefined }
  | { family: 'node'; key: string; before: NodeRecord | undefined; after: NodeRecord | undefined }
  | {
      family: 'registration';
      key: string;
      before: RegistrationRecord | undefined;
      after: RegistrationRecord | undefined;
    }
  | { family: 'claim'; key: string; before: KeyClaimRecord | undefined; after: KeyClaimRecord | undefined }
  | { family: 'gone'; key: string; before: GoneRecord | undefined; after: GoneRecord | undefined }
  | { family: 'client'; key: string; before: ClientRecord | undefined; after: ClientRecord | undefined }
  | {
      family: 'client-address';
      key: string;
      before: ClientAddressRecord | undefined;
      after: ClientAddressRecord | undefined;
    }
  | { family: 'client-life'; key: string; before: ClientLifeRecord | undefined; after: ClientLifeRecord | undefined }
  | { family: 'leader'; key: string; before: LeaderRecord | undefined; after: LeaderRecord | undefined }
  | { family: 'recovering'; key: string; before: object | undefined; after: object | undefined };

type Family = Change['family'];

export class Ledger {
  readonly nodes = new Map<string, NodeRecord>();
  readonly subnets = new Map<string, SubnetRecord>();
  readonly registrations = new Map<string, RegistrationRecord>();
  /** When each node was registered last, by true time; now, while it is. */
  readonly lastRegisteredMs = new Map<string, number>();
  /** Who wrote the leader key that stands, if one does. */
  leaderAuthor: string | undefined;
  /** Since when more than half of the nodes have been silent; undefined while they are not. */
  massSilenceSinceMs: number | undefined;
  readonly #keys: Keys;
  /** Who took the leader key, by its create-revision. */
  readonly #takers = new Map<number, string>();
  readonly #records = new Map<string, object>();
  readonly #versions = new Map<string, { revision: number; record: object | undefined }[]>();

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  /** Takes a commit in; what it changed, with the leader as of before it. */
  take(commit: Commit): { changes: Change[]; leaderBefore: string | undefined } {
    const leaderBefore = this.leaderAuthor;
    const changes = commit.events.flatMap((event) => this.#change(event, commit) ?? []);
    this.#noteSilence(commit.atMs);
    return { changes, leaderBefore };
  }

  /** Begins anew from what a restored store holds. */
  restart(items: readonly StoredKey[], atMs: number): void {
    this.nodes.clear();
    this.subnets.clear();
    for (const nodeId of this.registrations.keys()) this.lastRegisteredMs.set(nodeId, atMs);
    this.registrations.clear();
    this.#records.clear();
    this.#versions.clear();
    this.leaderAuthor = undefined;
    const revision = Math.max(0, ...items.map(({ modRevision }) => modRevision));
    for (const item of items) this.#change({ kind: 'put', item }, { revision, events: [], atMs, author: 'restore' });
    this.#noteSilence(atMs);
  }

  /** Whether the store is marked as having lost history. */
  get isRecovering(): boolean {
    return this.#records.has(this.#keys.recovering);
  }

  /** What stood under a key as of a revision. */
  recordAt(key: string, revision: number): object | undefined {
    return this.#versions.get(key)?.findLast((version) => version.revision <= revision)?.record;
  }

  /** The subnets whose keys name a node, in any state. */
  subnetsOf(nodeId: string): SubnetRecord[] {
    return [...this.subnets.values()].filter((record) => record.nodeId === nodeId);
  }

  #change(event: WatchEvent, { atMs, revision, author }: Commit): Change | undefined {
    const key = event.kind === 'put' ? event.item.key : event.key;
    const family = this.#familyOf(key);
    if (family === undefined) return undefined;
    const before = this.#records.get(key);
    const after = event.kind === 'put' ? (JSON.parse(event.item.value) as object) : undefined;
    if (after === undefined) this.#records.delete(key);
    else this.#records.set(key, after);
    const change = { family, key, before, after } as Change;
    const versions = this.#versions.get(key);
    if (versions === undefined) this.#versions.set(key, [{ revision, record: after }]);
    else versions.push({ revision, record: after });
    this.#index(change, atMs);
    if (family === 'leader') this.leaderAuthor = this.#leaderOf(event, author);
    return change;
  }

  #leaderOf(event: WatchEvent, author: string): string | undefined {
    if (event.kind !== 'put') return undefined;
    const { createRevision } = event.item;
    if (author !== 'restore') this.#takers.set(createRevision, author);
    return this.#takers.get(createRevision);
  }

  #index(change: Change, atMs: number): void {
    const keys = this.#keys;
    if (change.family === 'node') put(this.nodes, change.key.slice(keys.nodes.length), change.after);
    else if (change.family === 'subnet') put(this.subnets, change.key, change.after);
    else if (change.family === 'registration') {
      const nodeId = change.key.slice(keys.registrations.length);
      put(this.registrations, nodeId, change.after);
      this.lastRegisteredMs.set(nodeId, atMs);
    }
  }

  #noteSilence(atMs: number): void {
    let silent = 0;
    for (const nodeId of this.nodes.keys()) if (!this.registrations.has(nodeId)) silent += 1;
    if (silent * 2 <= this.nodes.size) this.massSilenceSinceMs = undefined;
    else this.massSilenceSinceMs ??= atMs;
  }

  #familyOf(key: string): Family | undefined {
    const keys = this.#keys;
    if (key === keys.leader) return 'leader';
    if (key === keys.recovering) return 'recovering';
    if (key.startsWith(keys.nodes)) return 'node';
    if (key.startsWith(keys.subnets)) return 'subnet';
    if (key.startsWith(keys.registrations)) return 'registration';
    if (key.startsWith(keys.keyClaims)) return 'claim';
    if (key.startsWith(keys.clients)) return 'client';
    if (key.startsWith(keys.clientAddresses)) return 'client-address';
    if (key.startsWith(keys.clientLives)) return 'client-life';
    return key.startsWith(keys.gone) ? 'gone' : undefined;
  }
}

function put<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
