/** What etcd held, revision by revision: one owner to a subnet, records that agree, and no change of a grant without a leader. */
import { keysOf, type NodeRecord, type StoredKey, type SubnetRecord } from '@wgcni/store';
import { ofKind, type EtcdEvent, type EtcdListEvent, type HistoryEvent, type RunEvent } from '../history/event.ts';

type Keys = ReturnType<typeof keysOf>;

/** Every revision that breaks an invariant, in words. */
export function etcdViolations(history: readonly HistoryEvent[]): string[] {
  const [run] = ofKind(history, 'run');
  if (run === undefined) return ['the history does not say what was run'];
  const replay = new Replay(run);
  for (const event of history) {
    if (event.kind === 'etcd-list') replay.list(event);
    if (event.kind === 'etcd') replay.step(event);
  }
  return replay.violations;
}

class Replay {
  readonly violations: string[] = [];
  readonly #run: RunEvent;
  readonly #keys: Keys;
  #items = new Map<string, StoredKey>();
  /** When the registration of a node was last seen to be there. */
  readonly #registeredUntilMs = new Map<string, number>();

  constructor(run: RunEvent) {
    this.#run = run;
    this.#keys = keysOf(run.cluster);
  }

  list({ items, revision, isLoss, atMs }: EtcdListEvent): void {
    if (this.#items.size > 0 && !isLoss) this.violations.push(`${revision}: the store was listed anew without a loss`);
    this.#items = new Map(items.map((item) => [item.key, item]));
    for (const { key } of items) this.#noteLife(key, atMs);
    this.#agree(revision);
  }

  step({ revision, puts, deletes, atMs }: EtcdEvent): void {
    const before = new Map(this.#items);
    for (const key of deletes) {
      this.#noteLife(key, atMs);
      this.#items.delete(key);
    }
    for (const item of puts) {
      this.#items.set(item.key, item);
      this.#noteLife(item.key, atMs);
    }
    const changed = [...deletes, ...puts.map(({ key }) => key)];
    this.#fenced(revision, changed, before);
    for (const key of changed.filter((each) => each.startsWith(this.#keys.subnets)))
      this.#subnetChanged(revision, atMs, before.get(key), this.#items.get(key));
    this.#sameNetwork(revision, before);
    this.#agree(revision);
  }

  #noteLife(key: string, atMs: number): void {
    const { registrations } = this.#keys;
    if (key.startsWith(registrations)) this.#registeredUntilMs.set(key.slice(registrations.length), atMs);
  }

  /** Only a leader changes these; its key was there before the transaction, and the transaction did not touch it. */
  #fenced(revision: number, changed: readonly string[], before: ReadonlyMap<string, StoredKey>): void {
    const { nodes, subnets, keyClaims, leader } = this.#keys;
    const guarded = changed.filter((key) => [nodes, subnets, keyClaims].some((prefix) => key.startsWith(prefix)));
    if (guarded.length > 0 && !before.has(leader))
      this.violations.push(`${revision}: ${guarded.join(', ')} changed while nobody led`);
  }

  #subnetChanged(revision: number, atMs: number, old: StoredKey | undefined, now: StoredKey | undefined): void {
    const was = old === undefined ? undefined : (JSON.parse(old.value) as SubnetRecord);
    const is = now === undefined ? undefined : (JSON.parse(now.value) as SubnetRecord);
    const wrong = (what: string): void => void this.violations.push(`${revision}: ${was?.cidr ?? is?.cidr} ${what}`);
    if (was === undefined) return is?.state === 'held' ? undefined : wrong(`began as ${is?.state}`);
    if (is === undefined) return was.state === 'released' ? undefined : wrong(`went while it was ${was.state}`);
    const isSame = was.grantId === is.grantId && was.nodeId === is.nodeId;
    // What rests may be held again only by whoever held it, under the same grant; or by a claim, when the store has lost what came after the rest.
    const isClaimed = was.state === 'released' && is.state === 'held' && this.#items.has(this.#keys.recovering);
    if (!isSame && !isClaimed)
      wrong(`passed from ${was.nodeId} (${was.state}) to ${is.nodeId} without having been free`);
    if (was.state !== 'released' && is.state === 'released') this.#mayRest(was, atMs, wrong);
  }

  /** A silent node's subnets go to rest after the hold-down, those of a living one only by a release. */
  #mayRest({ nodeId, grantId }: SubnetRecord, atMs: number, wrong: (what: string) => void): void {
    const why = this.#whyGone(nodeId, grantId);
    if (why === undefined) return wrong(`went to rest without a tombstone`);
    if (why !== 'reclaimed') return;
    const silentMs = atMs - (this.#registeredUntilMs.get(nodeId) ?? -Infinity);
    if (this.#items.has(this.#keys.registration(nodeId))) wrong(`was reclaimed while ${nodeId} was registered`);
    if (silentMs < this.#run.holdDownMs / this.#run.clockRate)
      wrong(`was reclaimed ${Math.round(silentMs)} ms after ${nodeId} was registered`);
  }

  #whyGone(nodeId: string, grantId: string): string | undefined {
    const { goneEntry } = this.#keys;
    const item = this.#items.get(goneEntry('subnet', grantId)) ?? this.#items.get(goneEntry('node', nodeId));
    return item === undefined ? undefined : (JSON.parse(item.value) as { why: string }).why;
  }

  #sameNetwork(revision: number, before: ReadonlyMap<string, StoredKey>): void {
    const id = (item: StoredKey | undefined): string | undefined =>
      item === undefined ? undefined : (JSON.parse(item.value) as { networkId: string }).networkId;
    const [was, is] = [id(before.get(this.#keys.network)), id(this.#items.get(this.#keys.network))];
    if (was !== undefined && was !== is) this.violations.push(`${revision}: the network ${was} became ${is}`);
  }

  /** Node records, subnets and key claims say the same. */
  #agree(revision: number): void {
    const values = <T>(prefix: string): T[] =>
      [...this.#items].flatMap(([key, { value }]) => (key.startsWith(prefix) ? [JSON.parse(value) as T] : []));
    const nodes = values<NodeRecord>(this.#keys.nodes);
    const subnets = new Map(values<SubnetRecord>(this.#keys.subnets).map((record) => [record.cidr, record]));
    const owners = new Map<string, string>();
    for (const { nodeId, publicKey, subnets: own } of nodes) {
      if (!this.#items.has(this.#keys.keyClaim(publicKey))) this.violations.push(`${revision}: ${nodeId} has no claim`);
      for (const { cidr, grantId } of own) {
        const record = subnets.get(cidr);
        const other = owners.get(cidr);
        if (other !== undefined) this.violations.push(`${revision}: ${cidr} stands with ${other} and with ${nodeId}`);
        owners.set(cidr, nodeId);
        if (record?.grantId !== grantId || record.nodeId !== nodeId || record.state !== 'held')
          this.violations.push(`${revision}: ${nodeId} has ${cidr}, which is ${record?.state} by ${record?.nodeId}`);
      }
    }
    for (const { cidr, nodeId, state } of subnets.values()) {
      if (state === 'held' && owners.get(cidr) !== nodeId)
        this.violations.push(`${revision}: ${cidr} is held by ${nodeId}, whose record does not have it`);
    }
  }
}
